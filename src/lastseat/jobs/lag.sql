-- How far what happens by itself is behind.

-- name: holds_lag
-- Overdue holds of all tenants, counted up to `most` of each, and for how many seconds the oldest one
-- has waited.
SELECT least(coalesce(sum(due.holds), 0), %(most)s::integer)::integer,
       coalesce(extract(epoch FROM (SELECT lastseat.clock()) - min(due.oldest)), 0)::float8
FROM lastseat.tenants t
CROSS JOIN LATERAL (
    SELECT count(*) AS holds, min(x.expires_at) AS oldest
    FROM (
        SELECT b.expires_at
        FROM lastseat.bookings b
        WHERE b.tenant_id = t.tenant_id AND b.status = 'HELD'
          AND b.expires_at <= (SELECT lastseat.clock())
        ORDER BY b.expires_at
        LIMIT %(most)s::integer
    ) AS x
) AS due;

-- name: relay_lag
-- Entries of the journal that the feed has not got, counted up to `most`, and for how many seconds the
-- oldest of these has waited. Before the first epoch nobody knows, and nothing is said.
SELECT count(waits.at),
       coalesce(extract(epoch FROM (SELECT lastseat.clock()) - min(waits.at)), 0)::float8
FROM lastseat.relay r
CROSS JOIN LATERAL (
    SELECT j.at
    FROM lastseat.journal j
    WHERE (j.tx::text)::bigint >= (pg_snapshot_xmin(r.snapshot)::text)::bigint
      AND NOT pg_visible_in_snapshot(j.tx, r.snapshot)
      AND j.ordinal > r.floor
    LIMIT %(most)s::integer
) AS waits;

-- name: queue_lag
-- Jobs that wait, for how many seconds the oldest of them has, those that are being done, those that
-- failed within a day, and workers that gave a sign lately.
SELECT count(*) FILTER (WHERE j.status = 'todo'),
       coalesce(extract(epoch FROM now() - min(e.at) FILTER (WHERE j.status = 'todo')), 0)::float8,
       count(*) FILTER (WHERE j.status = 'doing'),
       count(*) FILTER (WHERE j.status IN ('failed', 'aborted')
                          AND e.at > now() - interval '1 day'),
       (SELECT count(*) FROM lastseat.procrastinate_workers w
        WHERE w.last_heartbeat > now() - make_interval(secs => %(stalled)s::float8))
FROM lastseat.procrastinate_jobs j
CROSS JOIN LATERAL (
    SELECT max(x.at) AS at FROM lastseat.procrastinate_events x WHERE x.job_id = j.id OFFSET 0
) AS e;
