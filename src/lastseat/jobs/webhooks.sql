-- Webhooks at work: changes made into messages, and these taken, sent, and noted as what they came to.
-- What looks at all tenants at once only finds work; it is done for one tenant at a time.

-- name: webhooks_behind
-- Endpoints that were not told all there is, rather those that are nearly there; all get their turn, and
-- two workers seldom begin with the same. Of all tenants.
SELECT w.tenant_id, w.webhook_id::text, w.kinds, w.version, w.epoch::text, w.pos, newest.last_pos
FROM lastseat.webhooks w
CROSS JOIN lastseat.relay r
CROSS JOIN LATERAL (
    SELECT p.last_pos FROM lastseat.feed_pages p
    WHERE p.tenant_id = w.tenant_id ORDER BY p.last_pos DESC LIMIT 1) AS newest
WHERE w.disabled IS NULL
  AND (newest.last_pos <> w.pos OR w.epoch IS DISTINCT FROM r.epoch)
ORDER BY ln(1 + greatest(0, newest.last_pos - w.pos)) * random()
LIMIT %(limit)s::integer;

-- name: webhook_spread
-- The cursor and the messages it passed are one statement, and it only moves from where it was read:
-- of two who spread the same page one writes nothing. A change has one id for an endpoint, so it has one
-- row whatever is read twice.
WITH moved AS (
    UPDATE lastseat.webhooks
    SET epoch = %(epoch)s::uuid, pos = %(upto)s::bigint
    WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid AND disabled IS NULL
      AND version = %(version)s::integer AND pos = %(pos)s::bigint
      AND epoch IS NOT DISTINCT FROM %(was)s::uuid
    RETURNING tenant_id, webhook_id
), made AS (
    INSERT INTO lastseat.webhook_deliveries
        (tenant_id, webhook_id, delivery_id, pos, subject, type, body, created_at, due_at)
    SELECT m.tenant_id, m.webhook_id, x.delivery_id, x.pos, x.subject, x.type, x.body, now.at, now.at
    FROM moved m
    CROSS JOIN (SELECT lastseat.clock() AS at OFFSET 0) AS now
    CROSS JOIN json_to_recordset(%(messages)s::json)
        AS x (delivery_id uuid, pos bigint, subject text, type text, body text)
    ON CONFLICT (tenant_id, webhook_id, delivery_id) DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM made);

-- name: webhook_take
-- Messages that are due, of any tenant, now this worker's for the length of a lease: some of each
-- endpoint, so that none waits for another; of one booking the first alone. An endpoint that fails is
-- tried with one message at a time. Tenants take turns, none has more than `of_tenant` under way, and what
-- fails, which may take its time, no more than is left of `of_failing`.
WITH RECURSIVE now AS MATERIALIZED (
    SELECT lastseat.clock() AS at
), waiting AS (
    (SELECT tenant_id, webhook_id FROM lastseat.webhook_deliveries
     WHERE status = 'pending' ORDER BY tenant_id, webhook_id LIMIT 1)
    UNION ALL
    SELECT n.tenant_id, n.webhook_id
    FROM waiting w
    CROSS JOIN LATERAL (
        SELECT d.tenant_id, d.webhook_id FROM lastseat.webhook_deliveries d
        WHERE d.status = 'pending' AND (d.tenant_id, d.webhook_id) > (w.tenant_id, w.webhook_id)
        ORDER BY d.tenant_id, d.webhook_id LIMIT 1) AS n
), ready AS MATERIALIZED (
    SELECT w.tenant_id, w.webhook_id, w.failing_since IS NOT NULL AS failing,
           greatest(0, CASE WHEN w.failing_since IS NULL THEN %(each)s::integer ELSE 1 END
                       - coalesce(b.n, 0)) AS room
    FROM waiting x
    JOIN lastseat.webhooks w USING (tenant_id, webhook_id)
    LEFT JOIN unnest(%(tenants)s::text[], %(webhooks)s::uuid[], %(counts)s::integer[])
        AS b (tenant_id, webhook_id, n) USING (tenant_id, webhook_id)
    -- Later than anybody may ask for: from before the clock was set back.
    WHERE w.disabled IS NULL
      AND (w.not_before IS NULL OR w.not_before <= (SELECT at FROM now)
           OR w.not_before > (SELECT at FROM now) + make_interval(secs => %(longest)s::float8))
), found AS MATERIALIZED (
    SELECT d.tenant_id, d.webhook_id, d.delivery_id, d.pos, d.due_at, r.failing,
           row_number() OVER (PARTITION BY d.tenant_id ORDER BY r.failing, d.n, d.due_at)
               + coalesce(b.n, 0) AS turn
    FROM ready r
    LEFT JOIN (
        SELECT tenant_id, sum(n) AS n
        FROM unnest(%(tenants)s::text[], %(counts)s::integer[]) AS x (tenant_id, n)
        GROUP BY tenant_id) AS b USING (tenant_id)
    CROSS JOIN LATERAL (
        SELECT x.*, row_number() OVER (ORDER BY x.due_at) AS n
        FROM (
            -- In the index's own order, so that it ends with the first few found.
            SELECT d.tenant_id, d.webhook_id, d.delivery_id, d.pos, d.due_at
            FROM lastseat.webhook_deliveries d
            WHERE d.tenant_id = r.tenant_id AND d.webhook_id = r.webhook_id
              AND d.status = 'pending' AND d.due_at <= (SELECT at FROM now)
              AND d.pos = (
                  SELECT e.pos FROM lastseat.webhook_deliveries e
                  WHERE e.tenant_id = d.tenant_id AND e.webhook_id = d.webhook_id
                    AND e.subject = d.subject AND e.status = 'pending'
                  ORDER BY e.pos LIMIT 1)
            ORDER BY d.due_at
            LIMIT r.room) AS x) AS d
), chosen AS MATERIALIZED (
    SELECT f.tenant_id, f.webhook_id, f.delivery_id, f.pos
    FROM (
        SELECT x.*, row_number() OVER (PARTITION BY x.failing ORDER BY x.turn, x.due_at) AS n
        FROM found x
        WHERE x.turn <= %(of_tenant)s::integer) AS f
    WHERE NOT f.failing OR f.n <= %(of_failing)s::integer
    ORDER BY f.failing, f.turn, f.due_at
    LIMIT %(room)s::integer
), mine AS MATERIALIZED (
    SELECT d.tenant_id, d.webhook_id, d.delivery_id, d.pos
    FROM lastseat.webhook_deliveries d
    -- By `pos`, too: whichever index the planner takes, it finds one row, not all of an endpoint's.
    JOIN chosen USING (tenant_id, webhook_id, pos, delivery_id)
    -- Looked at again under the lock, and written so that no index is chosen for it: the key is one.
    WHERE d.status || '' = 'pending' AND d.due_at + interval '0' <= (SELECT at FROM now)
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE lastseat.webhook_deliveries d
SET attempts = d.attempts + 1,
    due_at = (SELECT at FROM now) + make_interval(secs => %(lease)s::float8)
FROM mine m
JOIN lastseat.webhooks w USING (tenant_id, webhook_id)
WHERE d.tenant_id = m.tenant_id AND d.webhook_id = m.webhook_id AND d.delivery_id = m.delivery_id
  AND d.pos = m.pos
RETURNING d.tenant_id, d.webhook_id::text, d.delivery_id::text, d.subject, d.pos, d.attempts, w.url,
          d.body, w.failing_since IS NOT NULL,
          ARRAY(SELECT s.value FROM lastseat.webhook_secrets s
                WHERE s.tenant_id = d.tenant_id AND s.webhook_id = d.webhook_id
                  AND (s.ends_at IS NULL OR s.ends_at > (SELECT at FROM now))
                ORDER BY s.no DESC);

-- name: webhook_works
-- Something got there. The endpoint's row comes before its messages' everywhere, so that nobody waits
-- in a circle. What came of an address that it had before says nothing about the one it has now.
UPDATE lastseat.webhooks SET failing_since = NULL
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid AND url = %(url)s::text
  AND failing_since IS NOT NULL;

-- name: webhook_fails
-- Something did not; no row if the endpoint has another address by now. `gone`: it says that it never
-- will; `wait`: it wants to be left alone for so long.
UPDATE lastseat.webhooks w
SET failing_since = least(w.failing_since, now.at),
    not_before = CASE WHEN %(wait)s::float8 IS NULL THEN w.not_before
                      ELSE now.at + make_interval(secs => %(wait)s::float8) END,
    disabled = CASE WHEN w.disabled IS NOT NULL THEN w.disabled
                    WHEN %(gone)s::boolean THEN 'it answered 410 (gone)'
                    WHEN w.failing_since < now.at - make_interval(secs => %(patience)s::float8)
                    THEN 'nothing got there for ' || %(days)s::text || ' days' END,
    version = CASE WHEN w.disabled IS NULL
                        AND (%(gone)s::boolean
                             OR w.failing_since < now.at
                                - make_interval(secs => %(patience)s::float8))
                   THEN w.version + 1 ELSE w.version END
FROM (SELECT lastseat.clock() AS at OFFSET 0) AS now
WHERE w.tenant_id = %(tenant)s::text AND w.webhook_id = %(webhook)s::uuid AND w.url = %(url)s::text
RETURNING 1;

-- name: webhook_done
-- What an attempt came to, unless somebody else has tried since. Without `again`, in how many seconds it
-- is tried anew, it is done: delivered or dead.
UPDATE lastseat.webhook_deliveries
SET status = %(status)s::text, answered = %(answered)s::integer, reason = %(reason)s::text,
    done_at = CASE WHEN %(again)s::float8 IS NULL THEN (SELECT lastseat.clock()) END,
    due_at = CASE WHEN %(again)s::float8 IS NULL THEN due_at
                  ELSE (SELECT lastseat.clock()) + make_interval(secs => %(again)s::float8) END
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid
  AND delivery_id = %(delivery)s::uuid AND status = 'pending' AND attempts = %(attempt)s::integer;

-- name: webhook_followers
-- What waits behind a message of the same subject is not looked at before that is tried again. Only for
-- speed: the order is kept by who takes.
UPDATE lastseat.webhook_deliveries d
SET due_at = next.at
FROM (SELECT lastseat.clock() + make_interval(secs => coalesce(%(again)s::float8, 0)) AS at
      OFFSET 0) AS next,
     (SELECT e.delivery_id, e.pos FROM lastseat.webhook_deliveries e
      WHERE e.tenant_id = %(tenant)s::text AND e.webhook_id = %(webhook)s::uuid
        AND e.subject = %(subject)s::text AND e.pos > %(pos)s::bigint AND e.status = 'pending'
      ORDER BY e.pos LIMIT 1000) AS follower
WHERE d.tenant_id = %(tenant)s::text AND d.webhook_id = %(webhook)s::uuid
  AND d.delivery_id = follower.delivery_id AND d.pos = follower.pos AND d.attempts = 0
  AND CASE WHEN %(again)s::float8 IS NULL THEN d.due_at > next.at ELSE d.due_at < next.at END;

-- name: webhooks_overdue
-- How many messages could go out and do not, up to a bound, and for how many seconds the oldest has
-- waited. Of all tenants.
SELECT count(*), coalesce(max(late), 0)::float8
FROM (
    SELECT extract(epoch FROM now.at - d.due_at) AS late
    FROM (SELECT lastseat.clock() AS at OFFSET 0) AS now
    CROSS JOIN lastseat.webhooks w
    JOIN lastseat.webhook_deliveries d USING (tenant_id, webhook_id)
    WHERE d.status = 'pending' AND d.due_at <= now.at
      AND w.disabled IS NULL AND (w.not_before IS NULL OR w.not_before <= now.at)
      AND d.pos = (
          SELECT e.pos FROM lastseat.webhook_deliveries e
          WHERE e.tenant_id = d.tenant_id AND e.webhook_id = d.webhook_id
            AND e.subject = d.subject AND e.status = 'pending'
          ORDER BY e.pos LIMIT 1)
    LIMIT 10000) AS overdue;

-- name: webhook_sweep
-- Messages that were delivered a while ago, or died longer ago. Of all tenants.
DELETE FROM lastseat.webhook_deliveries d
USING (
    SELECT tenant_id, webhook_id, delivery_id, pos
    FROM lastseat.webhook_deliveries
    WHERE done_at < (SELECT lastseat.clock()) - make_interval(days => %(delivered)s::integer)
      AND (status = 'delivered'
           OR done_at < (SELECT lastseat.clock()) - make_interval(days => %(dead)s::integer))
    LIMIT %(limit)s::integer
    FOR UPDATE SKIP LOCKED) AS old
WHERE d.tenant_id = old.tenant_id AND d.webhook_id = old.webhook_id
  AND d.delivery_id = old.delivery_id AND d.pos = old.pos;

-- name: webhook_sweep_disabled
-- What waits for endpoints that have been disabled for so long. Of all tenants.
DELETE FROM lastseat.webhook_deliveries d
USING (
    SELECT d.tenant_id, d.webhook_id, d.delivery_id, d.pos
    FROM lastseat.webhooks w
    JOIN lastseat.webhook_deliveries d USING (tenant_id, webhook_id)
    WHERE w.disabled IS NOT NULL AND d.status = 'pending'
      AND d.created_at < (SELECT lastseat.clock()) - make_interval(days => %(dead)s::integer)
    LIMIT %(limit)s::integer
    FOR UPDATE OF d SKIP LOCKED) AS old
WHERE d.tenant_id = old.tenant_id AND d.webhook_id = old.webhook_id
  AND d.delivery_id = old.delivery_id AND d.pos = old.pos;

-- name: webhook_sweep_ahead
-- What was put off for longer than anything is: from before the clock was set back. Of all tenants.
UPDATE lastseat.webhook_deliveries d
SET due_at = (SELECT lastseat.clock())
FROM (
    SELECT x.tenant_id, x.webhook_id, x.delivery_id, x.pos
    FROM lastseat.webhooks w
    CROSS JOIN LATERAL (
        SELECT y.tenant_id, y.webhook_id, y.delivery_id, y.pos
        FROM lastseat.webhook_deliveries y
        WHERE y.tenant_id = w.tenant_id AND y.webhook_id = w.webhook_id AND y.status = 'pending'
          AND y.due_at > (SELECT lastseat.clock()) + make_interval(secs => %(most)s::float8)
        LIMIT %(limit)s::integer
        FOR UPDATE SKIP LOCKED) AS x
    LIMIT %(limit)s::integer) AS ahead
WHERE d.tenant_id = ahead.tenant_id AND d.webhook_id = ahead.webhook_id
  AND d.delivery_id = ahead.delivery_id AND d.pos = ahead.pos;
