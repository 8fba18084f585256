-- Forgetting a person (MISSION H5): what is erasable about one actor goes, in one transaction, and
-- the journal stays as it is.
--
-- A decision under way may have looked the actor up already, and would write their details after they
-- were deleted here: nobody would find those again. So every decision shares a lock that is taken
-- whole here, before anything is looked at (`configure` has the other side).

-- name: forget_configure
-- How long to wait for the decisions under way. Those that come meanwhile wait behind us, so it is short.
SELECT set_config('lock_timeout', %(lock_timeout)s, true),
       set_config('enable_seqscan', 'off', true);

-- name: forget_lock
SELECT pg_advisory_xact_lock(hashtextextended('lastseat forget ' || %(tenant)s::text, 0));

-- name: forget_actor
-- The one row that says who the surrogate is.
DELETE FROM lastseat.actors
WHERE tenant_id = %(tenant)s::text AND ref = %(actor)s::text
RETURNING actor_id::text;

-- name: forget_bookings
-- Which bookings become nameless.
SELECT booking_id::text
FROM lastseat.bookings
WHERE tenant_id = %(tenant)s::text AND actor_id = %(actor_id)s::uuid;

-- name: forget_details
WITH gone AS (
    DELETE FROM lastseat.booking_details
    WHERE tenant_id = %(tenant)s::text AND booking_id = ANY(%(bookings)s::uuid[])
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: forget_contacts
DELETE FROM lastseat.booking_contacts
WHERE tenant_id = %(tenant)s::text AND booking_id = ANY(%(bookings)s::uuid[])
RETURNING name, email, phone;

-- name: forget_notes
-- The reasons given with commands on these bookings.
WITH commands AS (
    SELECT DISTINCT j.command_id
    FROM lastseat.journal j
    WHERE j.tenant_id = %(tenant)s::text AND j.booking_id = ANY(%(bookings)s::uuid[]) AND j.lead
), gone AS (
    DELETE FROM lastseat.notes n
    USING commands
    WHERE n.tenant_id = %(tenant)s::text AND n.command_id = commands.command_id
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: forget_person
-- Who signs in by that name; returns what they are called.
DELETE FROM lastseat.people
WHERE tenant_id = %(tenant)s::text AND subject = %(actor)s::text
RETURNING name;

-- name: forget_feeds
-- The feeds of what is booked for them: each names them, and would show what is booked again.
DELETE FROM lastseat.feeds
WHERE tenant_id = %(tenant)s::text AND of = 'actor:' || %(actor)s::text;

-- name: forget_find_answers
-- Stored answers with one of the texts in them, as JSON writes it. No index helps: a refusal belongs to
-- no booking. It reads the tenant's keys.
SELECT k.key, k.outcome
FROM lastseat.keys k
WHERE k.tenant_id = %(tenant)s::text
  AND EXISTS (SELECT FROM unnest(%(texts)s::text[]) AS said (text)
              WHERE strpos(k.outcome, said.text) > 0);

-- name: forget_answers
UPDATE lastseat.keys k
SET outcome = n.outcome
FROM unnest(%(keys)s::text[], %(outcomes)s::text[]) AS n (key, outcome)
WHERE k.tenant_id = %(tenant)s::text AND k.key = n.key;
