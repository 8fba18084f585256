-- What `verify` reads: whole tables in the order in which their rows meet, one tenant's or all. Times
-- are microseconds since 1970, as double precision: exact until 2255, and infinity has a place in it.

-- name: verify_settings
-- For this transaction only: room to sort, and no timeout that is meant for short statements.
SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
       set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true);

-- name: verify_size
-- About how many entries and bookings there are, for the progress.
SELECT (SELECT coalesce(sum(seq), 0)::bigint FROM lastseat.heads
        WHERE %(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text),
       (SELECT count(*) FROM lastseat.bookings
        WHERE %(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text);

-- name: verify_entries
-- The journal, stream by stream.
SELECT tenant_id, stream_id, seq, type, v, body::text, booking_id::text,
       (extract(epoch FROM at) * 1000000)::float8, command_id::text
FROM lastseat.journal
WHERE %(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text
ORDER BY tenant_id, stream_id, seq;

-- name: verify_heads
SELECT tenant_id, bookable_id, kind, capacity, overbooked, taken, seq,
       (extract(epoch FROM at) * 1000000)::float8,
       (extract(epoch FROM starts_at) * 1000000)::float8,
       (extract(epoch FROM ends_at) * 1000000)::float8,
       time_zone, event_id, own_capacity, actor_time, location_id, called_off, parts,
       waiting, waitlist
FROM lastseat.heads
WHERE %(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text
ORDER BY tenant_id, bookable_id;

-- name: verify_claims
-- The claims of each stream in the order in which its entries made them.
SELECT tenant_id, bookable_id, seq, booking_id::text, no, live, actor_id::text, units,
       (extract(epoch FROM lower(during)) * 1000000)::float8,
       (extract(epoch FROM upper(during)) * 1000000)::float8,
       (extract(epoch FROM lower(blocked)) * 1000000)::float8,
       (extract(epoch FROM upper(blocked)) * 1000000)::float8,
       exclusive, override, own_time, local_start::text, time_zone
FROM lastseat.claims
WHERE %(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text
ORDER BY tenant_id, bookable_id, seq, booking_id, no;

-- name: verify_waitlist
-- Who waits on each stream.
SELECT tenant_id, bookable_id, booking_id::text, queue_id, actor_id::text, seq, units,
       (extract(epoch FROM lower(during)) * 1000000)::float8,
       (extract(epoch FROM upper(during)) * 1000000)::float8, awaited::text
FROM lastseat.waitlist
WHERE %(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text
ORDER BY tenant_id, bookable_id, booking_id;

-- name: verify_events
SELECT tenant_id, event_id, starts, seconds, schedule::text
FROM lastseat.events
WHERE %(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text
ORDER BY tenant_id, event_id;

-- name: verify_rules
SELECT tenant_id, owner_id, rules::text
FROM lastseat.rules
WHERE %(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text
ORDER BY tenant_id, owner_id;

-- name: verify_leads
-- The lead entries, booking by booking.
SELECT tenant_id, booking_id::text, version, stream_id, seq, type, v, body::text
FROM lastseat.journal
WHERE (%(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text)
  AND lead AND booking_id IS NOT NULL
ORDER BY tenant_id, booking_id, version;

-- name: verify_changes
-- The changes of bookings that have no lead, or more than one.
SELECT tenant_id, booking_id::text, version, count(*) FILTER (WHERE lead)
FROM lastseat.journal
WHERE (%(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text) AND booking_id IS NOT NULL
GROUP BY tenant_id, booking_id, version
HAVING count(*) FILTER (WHERE lead) <> 1
ORDER BY tenant_id, booking_id, version;

-- name: verify_bookings
SELECT tenant_id, booking_id::text, actor_id::text, status, version, made,
       (extract(epoch FROM expires_at) * 1000000)::float8,
       (extract(epoch FROM limit_at) * 1000000)::float8, series_id::text
FROM lastseat.bookings
WHERE %(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text
ORDER BY tenant_id, booking_id;

-- name: verify_booking_claims
-- The claims once more, booking by booking.
SELECT tenant_id, booking_id::text, no, live,
       (extract(epoch FROM expires_at) * 1000000)::float8
FROM lastseat.claims
WHERE %(tenant)s::text IS NULL OR tenant_id = %(tenant)s::text
ORDER BY tenant_id, booking_id, no;
