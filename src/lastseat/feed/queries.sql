-- The relay's statements, and what reads the feed. Each transaction of the relay is `take_cursor`,
-- then one of the others by a statement of its own, whose snapshot is newer than the lock.

-- name: take_cursor
-- The cursor, held until the transaction ends; no row while another relay has it.
SELECT epoch::text, identity, snapshot::text, floor,
       (SELECT system_identifier::text FROM pg_control_system())
           || '/' || (SELECT timeline_id::text FROM pg_control_checkpoint())
FROM lastseat.relay
FOR UPDATE SKIP LOCKED;

-- name: stop_writers
-- Waits for the transactions that write the journal, and lets no other begin: at the start of an
-- epoch alone.
LOCK TABLE lastseat.journal IN SHARE MODE;

-- name: begin_epoch
-- A new epoch: what the journal has and no page names is fed, whatever its transaction id says, and from
-- here on transaction ids are those of this server.
WITH missing AS (
    SELECT j.tenant_id, j.stream_id, j.seq, j.ordinal
    FROM lastseat.journal j
    WHERE NOT EXISTS (
        SELECT FROM lastseat.feed_pages p, unnest(p.streams, p.seqs) AS fed (stream_id, seq)
        WHERE p.tenant_id = j.tenant_id AND fed.stream_id = j.stream_id AND fed.seq = j.seq)
), numbered AS (
    SELECT m.*, row_number() OVER (PARTITION BY tenant_id ORDER BY ordinal) AS n FROM missing m
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
    RETURNING tenant_id, last_pos
), moved AS (
    UPDATE lastseat.relay
    SET epoch = gen_random_uuid(), identity = %(identity)s::text,
        snapshot = pg_current_snapshot(),
        floor = coalesce((SELECT max(ordinal) FROM lastseat.journal), 0),
        at = (SELECT lastseat.clock())
)
SELECT tenant_id, max(last_pos) FROM written GROUP BY tenant_id;

-- name: relay
-- The rows that this statement's snapshot shows and the cursor's does not, in the order of their
-- ordinals: within a stream these are drawn under its lock, so they are in its order; and who held a
-- lock before had committed before, so nothing of a stream is left behind by what comes after it.
WITH cursor AS (
    SELECT %(snapshot)s::pg_snapshot AS snapshot
), fresh AS (
    SELECT j.tenant_id, j.stream_id, j.seq, j.ordinal
    FROM lastseat.journal j
    WHERE (j.tx::text)::bigint >= %(xmin)s::bigint
      AND NOT pg_visible_in_snapshot(j.tx, (SELECT snapshot FROM cursor))
      AND j.ordinal > %(floor)s::bigint
), numbered AS (
    SELECT f.*, row_number() OVER (PARTITION BY tenant_id ORDER BY ordinal) AS n FROM fresh f
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
    RETURNING tenant_id, last_pos
), moved AS (
    -- Where nothing happens nothing is written, but now and then: the cursor's snapshot must not get
    -- so old that much is looked at again.
    UPDATE lastseat.relay
    SET snapshot = pg_current_snapshot(), at = (SELECT lastseat.clock())
    WHERE EXISTS (SELECT FROM fresh) OR at < (SELECT lastseat.clock()) - interval '10 seconds'
)
SELECT tenant_id, max(last_pos) FROM written GROUP BY tenant_id;

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
