-- The benchmark's own SQL: its tables, its counters, and the counts that check its results.

-- name: settings
SELECT current_setting('server_version'), current_setting('fsync'),
       current_setting('synchronous_commit'), current_setting('wal_sync_method'),
       current_setting('shared_buffers');

-- name: flushes_since_18
-- WAL flushes of the whole server since its statistics began.
SELECT coalesce(sum(fsyncs), 0)::bigint FROM pg_stat_io WHERE object = 'wal';

-- name: flushes_before_18
SELECT wal_sync FROM pg_stat_wal;

-- name: others
-- Everybody else's connections: each reports its flushes when it ends, and not always before.
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid();

-- name: report_flushes
-- Our own are to be counted at once, not a second later.
SELECT pg_stat_force_next_flush();

-- name: make_probe
-- For the time of a flush: the same small commits with and without waiting for the disk.
CREATE TABLE probe (id integer PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50);

-- name: fill_probe
INSERT INTO probe VALUES (1, 0);

-- name: probe
UPDATE probe SET n = n + 1 WHERE id = 1;

-- name: make_hot
-- H's row, with the storage settings that our own heads have.
CREATE TABLE hot (id integer PRIMARY KEY, taken integer NOT NULL, capacity integer NOT NULL)
WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- name: fill_hot
INSERT INTO hot VALUES (1, 0, 2000000000);

-- name: make_bulk
-- S's table: the journal's columns, defaults, checks and indexes.
CREATE TABLE bulk (LIKE lastseat.journal INCLUDING ALL);

-- name: bulk
INSERT INTO bulk
    (tenant_id, stream_id, seq, type, v, body, command_id, booking_id, version, lead, principal, at)
SELECT 'bulk', n.*
FROM unnest(
    %(stream)s::text[], %(seq)s::bigint[], %(type)s::text[], %(v)s::smallint[], %(body)s::json[],
    %(command)s::uuid[], %(booking)s::uuid[], %(version)s::integer[], %(lead)s::boolean[],
    %(principal)s::text[], %(at)s::timestamptz[]) AS n;

-- name: make_lone
-- The head that the one-client script books on, in the engine's own tables.
INSERT INTO lastseat.heads
    (tenant_id, bookable_id, kind, capacity, seq, at, starts_at, ends_at, time_zone, actor_time)
VALUES ('plain', 'lone', 'occurrence', 1000000, 1, now(), now() + interval '30 days',
        now() + interval '30 days 1 hour', 'UTC', 'allow');

-- name: make_shop_occurrences
-- What people write by themselves: two tables.
CREATE TABLE shop_occurrences (id bigint PRIMARY KEY, capacity integer NOT NULL);

-- name: make_shop_bookings
CREATE TABLE shop_bookings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    occurrence_id bigint NOT NULL REFERENCES shop_occurrences,
    actor text NOT NULL,
    booked_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (occurrence_id, actor)
);

-- name: add_shop_occurrence
INSERT INTO shop_occurrences VALUES (%(occurrence)s, %(capacity)s) ON CONFLICT DO NOTHING;

-- name: shop_capacity
SELECT capacity FROM shop_occurrences WHERE id = %(occurrence)s;

-- name: shop_capacity_locked
SELECT capacity FROM shop_occurrences WHERE id = %(occurrence)s FOR UPDATE;

-- name: shop_count
SELECT count(*) FROM shop_bookings WHERE occurrence_id = %(occurrence)s;

-- name: shop_book
INSERT INTO shop_bookings (occurrence_id, actor) VALUES (%(occurrence)s, %(actor)s);

-- name: shop_totals
-- Bookings made, and those past the capacity, of the occurrences numbered from `low` to `high`.
SELECT coalesce(sum(n), 0)::bigint, coalesce(sum(greatest(n - capacity, 0)), 0)::bigint
FROM (
    SELECT o.capacity, count(b.id) AS n
    FROM shop_occurrences o LEFT JOIN shop_bookings b ON b.occurrence_id = o.id
    WHERE o.id BETWEEN %(low)s AND %(high)s
    GROUP BY o.id
) AS sold;

-- name: audit_journal
-- What happened to a tenant's bookings, by the journal: one lead for each change.
SELECT type, count(*) FROM lastseat.journal
WHERE tenant_id = %(tenant)s AND lead AND booking_id IS NOT NULL
GROUP BY type;

-- name: audit_streams
-- Streams whose sequences have a gap, or whose head stands elsewhere than its last entry.
SELECT count(*)
FROM (
    SELECT stream_id, count(*) AS n, max(seq) AS last FROM lastseat.journal
    WHERE tenant_id = %(tenant)s GROUP BY stream_id
) AS j
FULL JOIN (SELECT * FROM lastseat.heads WHERE tenant_id = %(tenant)s) AS h
    ON h.bookable_id = j.stream_id
WHERE j.n IS DISTINCT FROM j.last OR h.seq IS DISTINCT FROM j.last;

-- name: audit_heads
-- Seats taken by the heads, by the live claims, and those past the capacity.
SELECT coalesce(sum(h.taken), 0)::bigint, coalesce(sum(c.units), 0)::bigint,
       coalesce(sum(greatest(coalesce(c.units, 0) - h.capacity, 0)), 0)::bigint
FROM lastseat.heads h
LEFT JOIN (
    SELECT bookable_id, sum(units) AS units FROM lastseat.claims
    WHERE tenant_id = %(tenant)s AND live GROUP BY bookable_id
) AS c ON c.bookable_id = h.bookable_id
WHERE h.tenant_id = %(tenant)s AND h.kind = 'occurrence';

-- name: audit_bookings
SELECT count(*), count(*) FILTER (WHERE status IN ('HELD', 'RESERVED', 'CONFIRMED')),
       count(DISTINCT actor_id)
FROM lastseat.bookings WHERE tenant_id = %(tenant)s;

-- name: grow
-- Rows of bookings as the engine leaves them, `count` for one occurrence: these four statements
-- and `grow_head`, in one transaction.
CREATE TEMPORARY TABLE grown ON COMMIT DROP AS
SELECT h.seq + n AS seq, h.tenant_id, h.bookable_id, clock_timestamp() AS at,
       t.ids[1] AS booking_id, t.ids[2] AS actor_id, t.ids[3] AS command_id
FROM lastseat.heads h, generate_series(1, %(count)s::integer) AS n
CROSS JOIN LATERAL (
    -- Ids in the order of time, as the engine draws them.
    SELECT array_agg((
        lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
        || substr(replace(gen_random_uuid()::text, '-', ''), 13))::uuid) AS ids
    FROM generate_series(1, 3) AS id WHERE n > 0
) AS t
WHERE h.tenant_id = %(tenant)s AND h.bookable_id = %(bookable)s;

-- name: grow_refs
INSERT INTO lastseat.actors (tenant_id, actor_id, ref)
SELECT tenant_id, actor_id, 'grown-' || actor_id FROM grown;

-- name: grow_journal
INSERT INTO lastseat.journal
    (tenant_id, stream_id, seq, type, v, body, command_id, booking_id, version, lead, principal, at)
SELECT tenant_id, bookable_id, seq, 'booked', 1,
       json_build_object('actor_id', actor_id, 'status', 'CONFIRMED',
                         'claims', json_build_array(json_build_object('no', 1, 'units', 1))),
       command_id, booking_id, 1, true, 'system', at
FROM grown ORDER BY seq;

-- name: grow_bookings
INSERT INTO lastseat.bookings
    (tenant_id, booking_id, actor_id, status, version, made, created_at, updated_at)
SELECT tenant_id, booking_id, actor_id, 'CONFIRMED', 1, 1, at, at FROM grown;

-- name: grow_claims
INSERT INTO lastseat.claims
    (tenant_id, booking_id, no, bookable_id, actor_id, units, seq, live, exclusive, override,
     own_time)
SELECT tenant_id, booking_id, 1, bookable_id, actor_id, 1, seq, true, false, false, false
FROM grown;

-- name: grow_head
UPDATE lastseat.heads
SET taken = taken + %(count)s::integer, seq = seq + %(count)s::integer, at = clock_timestamp()
WHERE tenant_id = %(tenant)s AND bookable_id = %(bookable)s;

-- name: vacuum
VACUUM (ANALYZE) lastseat.journal, lastseat.bookings, lastseat.claims, lastseat.actors, lastseat.heads;

-- name: journal_rows
SELECT count(*) FROM lastseat.journal WHERE tenant_id = %(tenant)s;

-- name: hold_head
-- What the stranger does: takes one head's row and goes for lunch.
SELECT seq FROM lastseat.heads
WHERE tenant_id = %(tenant)s AND bookable_id = %(bookable)s FOR UPDATE;

-- name: look
-- What an old snapshot begins with; any query will do.
SELECT count(*) FROM lastseat.heads;
