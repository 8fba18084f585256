-- The relay's statements, and what reads the feed. Each transaction of the relay is `take_cursor`, then
-- `feed_rows` by a statement of its own, whose snapshot is newer than the lock.

-- name: take_cursor
-- The cursor, held until the transaction ends; no row while another relay has it. What the cursor belongs
-- to is this server, its timeline, and this very table: one that is restored from a dump is another.
-- A relay that vanishes without a word gives the cursor up, and with it the writers that it may have stopped.
-- And no look scans the journal, though the planner may know nothing of it yet.
SELECT epoch::text, identity, snapshot::text, floor,
       (SELECT system_identifier::text FROM pg_control_system())
           || '/' || (SELECT timeline_id::text FROM pg_control_checkpoint())
           || '/' || 'lastseat.relay'::regclass::oid::text,
       set_config('idle_in_transaction_session_timeout', '5s', true),
       set_config('enable_seqscan', 'off', true)
FROM lastseat.relay
FOR UPDATE SKIP LOCKED;

-- name: at_length
-- For the start of an epoch: all of the journal is read, and writers are waited for only shortly, since
-- meanwhile nobody else writes either. Rather again later than long.
SELECT set_config('enable_seqscan', 'on', true), set_config('lock_timeout', '200ms', true);

-- name: stop_writers
-- Waits for the transactions that write the journal, and lets no other begin: at the start of an
-- epoch alone.
LOCK TABLE lastseat.journal IN SHARE MODE;

-- name: missing
-- At the start of an epoch: the rows that were not fed, whatever their transaction ids say. A stream's
-- entries are fed in its order, so they are those past the last one that a page names; where pages have
-- been removed, what is not past the floor was fed.
SELECT j.tenant_id, j.stream_id, j.seq, j.ordinal, j.booking_id, j.version
FROM lastseat.journal j
LEFT JOIN (
    SELECT p.tenant_id, entry.stream_id, max(entry.seq) AS seq
    FROM lastseat.feed_pages p
    CROSS JOIN LATERAL unnest(p.streams, p.seqs) AS entry (stream_id, seq)
    GROUP BY p.tenant_id, entry.stream_id) AS fed USING (tenant_id, stream_id)
WHERE j.ordinal > %(floor)s::bigint AND j.seq > coalesce(fed.seq, 0);

-- name: fresh
-- From then on: the rows that this statement's snapshot shows and the cursor's does not.
SELECT j.tenant_id, j.stream_id, j.seq, j.ordinal, j.booking_id, j.version
FROM lastseat.journal j
WHERE (j.tx::text)::bigint >= %(xmin)s::bigint
  AND NOT pg_visible_in_snapshot(j.tx, (SELECT %(snapshot)s::pg_snapshot))
  AND j.ordinal > %(floor)s::bigint;

-- name: feed_rows
-- Numbers the rows of one of the two above, and moves the cursor, in the order of the changes' first
-- ordinals. Ordinals are drawn under the streams' locks, so within a stream this is its order; and who
-- held a lock before had committed before, so nothing of a stream is left behind by what comes after it.
-- Other commits may have drawn ordinals between those of one change: its rows are kept together.
WITH new_rows AS (
    {rows}
), changes AS (
    SELECT r.*, CASE WHEN booking_id IS NULL THEN ordinal
        ELSE min(ordinal) OVER (PARTITION BY tenant_id, booking_id, version) END AS change
    FROM new_rows r
), numbered AS (
    SELECT c.*, row_number() OVER (PARTITION BY tenant_id ORDER BY change, ordinal) AS n
    FROM changes c
), pages AS (
    SELECT tenant_id, min(n) AS first_n, max(n) AS last_n,
           array_agg(stream_id ORDER BY n) AS streams, array_agg(seq ORDER BY n) AS seqs
    FROM numbered
    GROUP BY tenant_id, (n - 1) / %(page)s::bigint
), written AS (
    INSERT INTO lastseat.feed_pages (tenant_id, last_pos, first_pos, streams, seqs, at)
    SELECT p.tenant_id, coalesce(newest.last_pos, 0) + p.last_n,
           coalesce(newest.last_pos, 0) + p.first_n, p.streams, p.seqs,
           (SELECT lastseat.clock())
    FROM pages p
    LEFT JOIN LATERAL (
        SELECT f.last_pos FROM lastseat.feed_pages f
        WHERE f.tenant_id = p.tenant_id ORDER BY f.last_pos DESC LIMIT 1) AS newest ON true
    RETURNING tenant_id, last_pos, last_pos - first_pos + 1 AS rows
), moved AS (
    -- Where nothing happens nothing is written, but now and then: the cursor's snapshot must not get
    -- so old that much is looked at again.
    UPDATE lastseat.relay
    SET snapshot = pg_current_snapshot(), at = (SELECT lastseat.clock())
    WHERE EXISTS (SELECT FROM new_rows) OR at < (SELECT lastseat.clock()) - interval '10 seconds'
)
SELECT tenant_id, max(last_pos), sum(rows)::bigint FROM written GROUP BY tenant_id;

-- name: begin_epoch
-- All there is was fed, and nobody writes: from here on transaction ids are those of this server.
UPDATE lastseat.relay
SET epoch = gen_random_uuid(), identity = %(identity)s::text, snapshot = pg_current_snapshot(),
    floor = greatest(floor, (SELECT max(ordinal) FROM lastseat.journal)),
    at = (SELECT lastseat.clock());

-- name: prune
-- Removes each tenant's oldest pages, those written before `days` ago, so many at once; the newest one
-- stays, since it says where the feed goes on. No page may be missing between others, so the first one
-- that is not old ends it, whatever the clock did. The floor then says of the rows what the pages did:
-- they were fed. (A transaction that was open then and is still would not be: `days` is one at least.)
WITH RECURSIVE tenants AS (
    (SELECT tenant_id FROM lastseat.feed_pages ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT p.tenant_id FROM lastseat.feed_pages p
            WHERE p.tenant_id > t.tenant_id ORDER BY p.tenant_id LIMIT 1)
    FROM tenants t WHERE t.tenant_id IS NOT NULL
), old AS (
    SELECT t.tenant_id, oldest.last_pos
    FROM tenants t
    CROSS JOIN LATERAL (
        SELECT p.last_pos,
               bool_and(p.at < (SELECT lastseat.clock()) - %(days)s::integer * interval '1 day')
                   OVER earlier AS old,
               lead(p.last_pos) OVER earlier IS NULL AS last
        FROM (SELECT f.last_pos, f.at FROM lastseat.feed_pages f
              WHERE f.tenant_id = t.tenant_id ORDER BY f.last_pos LIMIT %(most)s::integer + 1) AS p
        WINDOW earlier AS (ORDER BY p.last_pos)
        ORDER BY p.last_pos) AS oldest
    WHERE oldest.old AND NOT oldest.last
    LIMIT %(most)s::integer
), gone AS (
    DELETE FROM lastseat.feed_pages f USING old
    WHERE f.tenant_id = old.tenant_id AND f.last_pos = old.last_pos
    RETURNING f.tenant_id, f.streams, f.seqs
), floored AS (
    UPDATE lastseat.relay
    SET floor = greatest(floor, (
        SELECT max(j.ordinal)
        FROM gone
        CROSS JOIN LATERAL unnest(gone.streams, gone.seqs) AS entry (stream_id, seq)
        JOIN lastseat.journal j USING (stream_id, seq)
        WHERE j.tenant_id = gone.tenant_id))
    WHERE EXISTS (SELECT FROM gone)
)
SELECT count(*) FROM gone;

-- name: be_brief
-- For this transaction only: an autovacuum of the journal is left alone.
SELECT set_config('lock_timeout', '20ms', true);

-- name: summarize
-- Enters what was written lately into the index that `fresh` goes by. PostgreSQL does it once a minute,
-- and until then each look reads all of it again: at thousands of bookings a second nothing but that.
SELECT brin_summarize_new_values('lastseat.journal_by_tx');

-- name: announce
-- One wake-up for all that one look found.
SELECT pg_notify(%(channel)s::text, word) FROM unnest(%(words)s::text[]) AS word;

-- name: epoch
SELECT epoch::text FROM lastseat.relay;

-- name: feed
-- A tenant's feed past a position, a page of it.
SELECT x.pos, j.stream_id, j.seq, j.type, j.v, j.body::text, j.booking_id::text, j.version, j.lead,
       j.principal, (extract(epoch FROM j.at) * 1000000)::bigint
FROM (
    SELECT p.first_pos + fed.i - 1 AS pos, fed.stream_id, fed.seq
    FROM lastseat.feed_pages p
    CROSS JOIN LATERAL unnest(p.streams, p.seqs) WITH ORDINALITY AS fed (stream_id, seq, i)
    WHERE p.tenant_id = %(tenant)s::text AND p.last_pos > %(after)s::bigint
      AND p.first_pos + fed.i - 1 > %(after)s::bigint
    ORDER BY p.last_pos, fed.i
    LIMIT %(limit)s::integer
) AS x
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.journal y
    WHERE y.tenant_id = %(tenant)s::text AND y.stream_id = x.stream_id AND y.seq = x.seq
    OFFSET 0
) AS j
ORDER BY x.pos;

-- name: newest
-- Where a tenant's feed ends.
SELECT coalesce(max(last_pos), 0) FROM lastseat.feed_pages WHERE tenant_id = %(tenant)s::text;
