-- What is over and can go.

-- name: drop_keys
-- Answers under idempotency keys whose time is over, of all tenants: up to `limit` of them.
DELETE FROM lastseat.keys
WHERE ctid = ANY (ARRAY(
    SELECT k.ctid
    FROM lastseat.keys k
    WHERE k.expires_at < (SELECT lastseat.clock())
    ORDER BY k.expires_at
    LIMIT %(limit)s::integer
    FOR UPDATE SKIP LOCKED))
RETURNING 1;

-- name: drop_failed_jobs
-- Jobs of the queue that failed long ago; what succeeded went at once.
WITH over AS (
    SELECT j.id
    FROM lastseat.procrastinate_jobs j
    WHERE j.status IN ('failed', 'cancelled', 'aborted', 'succeeded')
      AND NOT EXISTS (
          SELECT FROM lastseat.procrastinate_events e
          WHERE e.job_id = j.id AND e.at > now() - make_interval(days => %(days)s::integer))
    LIMIT %(limit)s::integer
    FOR UPDATE SKIP LOCKED
)
DELETE FROM lastseat.procrastinate_jobs j
USING over
WHERE j.id = over.id
RETURNING 1;

-- name: drop_dead_workers
-- Workers of the queue that gave no sign for a day, or a day from now, before the clock was set back.
DELETE FROM lastseat.procrastinate_workers w
WHERE w.last_heartbeat NOT BETWEEN now() - interval '1 day' AND now() + interval '1 day'
RETURNING 1;

-- name: take_calendar
-- A subscribed calendar that is due, not to be due again for a while; no row when none is. `refresh_at`
-- too far ahead is from before the clock was set back.
UPDATE lastseat.calendars c
SET refresh_at = (SELECT lastseat.clock()) + make_interval(secs => %(every)s::float8)
FROM (
    SELECT x.tenant_id, x.calendar_id
    FROM lastseat.calendars x, (SELECT lastseat.clock() AS at OFFSET 0) AS now
    WHERE x.url IS NOT NULL
      AND (coalesce(x.refresh_at, coalesce(x.imported_at, x.created_at)
                        + make_interval(secs => %(every)s::float8)) <= now.at
           OR x.refresh_at > now.at + make_interval(secs => %(most)s::float8))
    ORDER BY x.refresh_at NULLS FIRST
    LIMIT 1
    FOR UPDATE OF x SKIP LOCKED
) AS due
WHERE c.tenant_id = due.tenant_id AND c.calendar_id = due.calendar_id
RETURNING c.tenant_id, c.calendar_id;

-- name: calendar_refreshed
UPDATE lastseat.calendars
SET refresh_failures = 0
WHERE tenant_id = %(tenant)s::text AND calendar_id = %(calendar)s::text AND refresh_failures > 0;

-- name: calendar_not_refreshed
-- Twice as long each time in a row, up to `most`.
UPDATE lastseat.calendars
SET refresh_failures = refresh_failures + 1,
    refresh_at = (SELECT lastseat.clock()) + make_interval(secs => least(
        %(every)s::float8 * 2 ^ least(refresh_failures + 1, 20), %(most)s::float8))
WHERE tenant_id = %(tenant)s::text AND calendar_id = %(calendar)s::text;
