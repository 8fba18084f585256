-- The write: one set-based statement for the journal and its projections, and a few for what is rare.

-- name: append
-- Journal rows, and in the same statement what they change: bookings, claims, heads. The heads are
-- held already, but for the own time of actors first seen here, which nobody else can know: those are
-- made. The upsert looks each up by its key; an UPDATE's join may be planned the wrong way round.
WITH journal_rows AS (
    INSERT INTO lastseat.journal
        (tenant_id, stream_id, seq, type, v, body, command_id, booking_id, version, lead, principal, at)
    SELECT %(tenant)s::text, n.stream_id, n.seq, n.type, %(j_v)s::smallint, n.body, n.command_id,
        n.booking_id, n.version, n.lead, n.principal, coalesce(n.at, %(now)s::timestamptz)
    FROM unnest(
        %(j_stream)s::text[], %(j_seq)s::bigint[], %(j_type)s::text[], %(j_body)s::json[],
        %(j_command)s::uuid[], %(j_booking)s::uuid[], %(j_version)s::integer[],
        %(j_lead)s::boolean[], %(j_principal)s::text[], %(j_at)s::timestamptz[])
        AS n (stream_id, seq, type, body, command_id, booking_id, version, lead, principal, at)
), new_bookings AS (
    INSERT INTO lastseat.bookings
        (tenant_id, booking_id, actor_id, status, version, made, expires_at, limit_at, series_id,
         created_at, updated_at)
    SELECT %(tenant)s::text, n.*, %(now)s::timestamptz, %(now)s::timestamptz
    FROM unnest(
        %(nb_booking)s::uuid[], %(nb_actor)s::uuid[], %(nb_status)s::text[],
        %(nb_version)s::integer[], %(nb_made)s::integer[], %(nb_expires)s::timestamptz[],
        %(nb_limit)s::timestamptz[], %(nb_series)s::uuid[]) AS n
), changed_bookings AS (
    UPDATE lastseat.bookings b
    SET status = n.status, version = n.version, made = n.made, expires_at = n.expires_at,
        limit_at = n.limit_at, updated_at = %(now)s::timestamptz
    FROM unnest(
        %(cb_booking)s::uuid[], %(cb_status)s::text[], %(cb_version)s::integer[],
        %(cb_made)s::integer[], %(cb_expires)s::timestamptz[], %(cb_limit)s::timestamptz[])
        AS n (booking_id, status, version, made, expires_at, limit_at)
    WHERE b.tenant_id = %(tenant)s::text AND b.booking_id = ANY(%(cb_booking)s::uuid[])
      AND b.booking_id = n.booking_id
), new_claims AS (
    INSERT INTO lastseat.claims
        (tenant_id, booking_id, no, bookable_id, actor_id, units, during, blocked, local_start,
         time_zone, seq, live, exclusive, override, own_time, expires_at)
    SELECT %(tenant)s::text, n.booking_id, n.no, n.bookable_id, n.actor_id, n.units,
        CASE WHEN n.during_from IS NOT NULL THEN tstzrange(n.during_from, n.during_to) END,
        CASE WHEN n.blocked_from IS NOT NULL THEN tstzrange(n.blocked_from, n.blocked_to) END,
        n.local_start, n.time_zone, n.seq, n.live, n.exclusive, n.override, n.own_time, n.expires_at
    FROM unnest(
        %(nc_booking)s::uuid[], %(nc_no)s::integer[], %(nc_bookable)s::text[], %(nc_actor)s::uuid[],
        %(nc_units)s::integer[], %(nc_during_from)s::timestamptz[], %(nc_during_to)s::timestamptz[],
        %(nc_blocked_from)s::timestamptz[], %(nc_blocked_to)s::timestamptz[],
        %(nc_local_start)s::timestamp[], %(nc_time_zone)s::text[], %(nc_seq)s::bigint[],
        %(nc_live)s::boolean[], %(nc_exclusive)s::boolean[], %(nc_override)s::boolean[],
        %(nc_own_time)s::boolean[], %(nc_expires)s::timestamptz[])
        AS n (booking_id, no, bookable_id, actor_id, units, during_from, during_to, blocked_from,
              blocked_to, local_start, time_zone, seq, live, exclusive, override, own_time, expires_at)
), changed_claims AS (
    UPDATE lastseat.claims c
    SET live = n.live, expires_at = n.expires_at
    FROM unnest(
        %(cc_booking)s::uuid[], %(cc_no)s::integer[], %(cc_live)s::boolean[],
        %(cc_expires)s::timestamptz[]) AS n (booking_id, no, live, expires_at)
    WHERE c.tenant_id = %(tenant)s::text AND c.booking_id = ANY(%(cc_booking)s::uuid[])
      AND c.booking_id = n.booking_id AND c.no = n.no
)
INSERT INTO lastseat.heads AS h
    (tenant_id, bookable_id, kind, capacity, overbooked, taken, seq, at)
SELECT %(tenant)s::text, n.*
FROM unnest(
    %(h_bookable)s::text[], %(h_kind)s::text[], %(h_capacity)s::integer[],
    %(h_overbooked)s::integer[], %(h_taken)s::integer[], %(h_seq)s::bigint[],
    %(h_at)s::timestamptz[]) AS n
ON CONFLICT (tenant_id, bookable_id) DO UPDATE
SET capacity = excluded.capacity, overbooked = excluded.overbooked, taken = excluded.taken,
    seq = excluded.seq, at = excluded.at;

-- name: define_heads
-- What a definition says of a head once and for all, and what an edit of its event may change: its
-- time, whether it still follows the event, and whether it takes place.
UPDATE lastseat.heads h
SET kind = n.kind, starts_at = n.starts_at, ends_at = n.ends_at, time_zone = n.time_zone,
    event_id = n.event_id, own_capacity = n.own_capacity, actor_time = n.actor_time,
    location_id = n.location_id, called_off = n.called_off, waitlist = n.waitlist
FROM unnest(
    %(bookables)s::text[], %(kinds)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[],
    %(time_zones)s::text[], %(events)s::text[], %(own)s::boolean[], %(actor_times)s::text[],
    %(locations)s::text[], %(called_off)s::boolean[], %(waitlists)s::text[])
    AS n (bookable_id, kind, starts_at, ends_at, time_zone, event_id, own_capacity, actor_time,
          location_id, called_off, waitlist)
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = n.bookable_id;

-- name: add_event
INSERT INTO lastseat.events (tenant_id, event_id, starts, seconds, schedule)
VALUES (%(tenant)s::text, %(event)s::text, %(starts)s::text[], %(seconds)s::integer,
        %(schedule)s::json);

-- name: change_schedule
-- From here on the event has a rule, if it listed its starts before.
UPDATE lastseat.events
SET starts = '{}', seconds = 0, schedule = %(schedule)s::json
WHERE tenant_id = %(tenant)s::text AND event_id = %(event)s::text;

-- name: set_parts
-- A composite's parts, once and for all.
UPDATE lastseat.heads
SET parts = %(parts)s::text[]
WHERE tenant_id = %(tenant)s::text AND bookable_id = %(bookable)s::text;

-- name: save_rules
-- Each owner's rules, in place of any before them.
INSERT INTO lastseat.rules (tenant_id, owner_id, rules)
SELECT %(tenant)s::text, n.owner_id, n.rules
FROM unnest(%(owners)s::text[], %(rules)s::json[]) AS n (owner_id, rules)
ORDER BY n.owner_id
ON CONFLICT (tenant_id, owner_id) DO UPDATE SET rules = excluded.rules;

-- name: join_lines
-- Bookings that wait from now on, a row for each bookable that they wait on.
INSERT INTO lastseat.waitlist
    (tenant_id, bookable_id, booking_id, queue_id, actor_id, seq, units, during, awaited, joined_at)
SELECT %(tenant)s::text, n.bookable_id, n.booking_id, n.queue_id, n.actor_id, n.seq, n.units,
    CASE WHEN n.starts_at IS NOT NULL THEN tstzrange(n.starts_at, n.ends_at) END, n.awaited,
    %(now)s::timestamptz
FROM unnest(
    %(bookables)s::text[], %(bookings)s::uuid[], %(queues)s::text[], %(actors)s::uuid[],
    %(seqs)s::bigint[], %(units)s::integer[], %(starts)s::timestamptz[], %(ends)s::timestamptz[],
    %(awaited)s::json[])
    AS n (bookable_id, booking_id, queue_id, actor_id, seq, units, starts_at, ends_at, awaited);

-- name: leave_lines
-- Bookings that wait no longer: they left, or were offered what they waited for.
DELETE FROM lastseat.waitlist
WHERE tenant_id = %(tenant)s::text AND booking_id = ANY(%(bookings)s::uuid[]);

-- name: count_lines
-- How many wait on each of these now.
UPDATE lastseat.heads h
SET waiting = n.waiting
FROM unnest(%(bookables)s::text[], %(waiting)s::integer[]) AS n (bookable_id, waiting)
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = ANY(%(bookables)s::text[])
  AND h.bookable_id = n.bookable_id;

-- name: add_tenant
INSERT INTO lastseat.tenants (tenant_id, created_at)
VALUES (%(tenant)s::text, %(now)s::timestamptz)
ON CONFLICT (tenant_id) DO NOTHING;

-- name: add_actors
-- Actors seen for the first time. Somebody else's at the same moment makes the batch go again.
INSERT INTO lastseat.actors (tenant_id, actor_id, ref)
SELECT %(tenant)s::text, n.actor_id, n.ref
FROM unnest(%(actor_ids)s::uuid[], %(refs)s::text[]) AS n (actor_id, ref)
ORDER BY n.ref;

-- name: save_keys
-- The answers under their idempotency keys. A key that somebody else is saving is waited for, then
-- refused: the batch goes again and finds that answer.
INSERT INTO lastseat.keys
    (tenant_id, key, request_hash, outcome, command_id, booking_id, at, expires_at)
SELECT %(tenant)s::text, n.key, n.request_hash, n.outcome, n.command_id, n.booking_id,
       %(now)s::timestamptz,
       CASE WHEN n.booking_id IS NULL THEN %(now)s::timestamptz + interval '24 hours' END
FROM unnest(
    %(keys)s::text[], %(hashes)s::text[], %(outcomes)s::text[], %(commands)s::uuid[],
    %(bookings)s::uuid[]) AS n (key, request_hash, outcome, command_id, booking_id)
ORDER BY n.key;

-- name: drop_keys
-- Keys whose time is over and that are used anew.
DELETE FROM lastseat.keys
WHERE tenant_id = %(tenant)s::text AND key = ANY(%(keys)s::text[])
  AND expires_at <= %(now)s::timestamptz;

-- name: save_details
-- Bookings' metadata, in place of any before it.
INSERT INTO lastseat.booking_details (tenant_id, booking_id, metadata)
SELECT %(tenant)s::text, n.booking_id, n.metadata
FROM unnest(%(bookings)s::uuid[], %(metadata)s::jsonb[]) AS n (booking_id, metadata)
ORDER BY n.booking_id
ON CONFLICT (tenant_id, booking_id) DO UPDATE SET metadata = excluded.metadata;

-- name: save_contacts
-- How to reach whoever bookings are for. A null leaves what is there, an empty text clears it.
INSERT INTO lastseat.booking_contacts AS c (tenant_id, booking_id, name, email, phone)
SELECT %(tenant)s::text, n.booking_id, n.name, n.email, n.phone
FROM unnest(%(bookings)s::uuid[], %(names)s::text[], %(emails)s::text[], %(phones)s::text[])
    AS n (booking_id, name, email, phone)
ORDER BY n.booking_id
ON CONFLICT (tenant_id, booking_id) DO UPDATE
SET name = coalesce(excluded.name, c.name), email = coalesce(excluded.email, c.email),
    phone = coalesce(excluded.phone, c.phone);

-- name: save_bookable_details
-- What bookables are called, written with their definition.
INSERT INTO lastseat.bookable_details (tenant_id, bookable_id, name, attributes)
SELECT %(tenant)s::text, n.bookable_id, n.name, n.attributes
FROM unnest(%(bookables)s::text[], %(names)s::text[], %(attributes)s::jsonb[])
    AS n (bookable_id, name, attributes)
ORDER BY n.bookable_id
ON CONFLICT (tenant_id, bookable_id) DO UPDATE
SET name = excluded.name, attributes = excluded.attributes;

-- name: add_notes
INSERT INTO lastseat.notes (tenant_id, command_id, reason)
SELECT %(tenant)s::text, n.command_id, r.reason
FROM unnest(%(commands)s::uuid[]) WITH ORDINALITY AS n (command_id, i)
JOIN json_array_elements_text(%(reasons)s::json) WITH ORDINALITY AS r (reason, i) USING (i);
