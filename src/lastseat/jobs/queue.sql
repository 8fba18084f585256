-- The queue of jobs, procrastinate's tables.

-- name: revive
-- Jobs whose worker died in the middle: failed, so that their lock is free for the next one. A sign of
-- life that is yet to come is from before the clock was set back.
UPDATE lastseat.procrastinate_jobs j
SET status = 'failed', attempts = j.attempts + 1, abort_requested = false
WHERE j.status = 'doing'
  AND NOT EXISTS (
      SELECT 1 FROM lastseat.procrastinate_workers w
      WHERE w.id = j.worker_id
        AND abs(extract(epoch FROM now() - w.last_heartbeat)) < %(seconds)s::float8
  );

-- name: give_up
-- Jobs that ended a while ago and are under way by the queue alone.
UPDATE lastseat.procrastinate_jobs
SET status = 'failed', attempts = attempts + 1, abort_requested = false
WHERE id = ANY (%(jobs)s::bigint[]) AND status = 'doing'
RETURNING id;
