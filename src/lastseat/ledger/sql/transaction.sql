-- name: begin
BEGIN ISOLATION LEVEL READ COMMITTED;

-- name: commit
COMMIT;

-- name: nothing_to_flush
-- Before the COMMIT of a transaction that only held locks: there is nothing that a crash could lose.
SET LOCAL synchronous_commit = off;

-- name: rollback
ROLLBACK;

-- name: savepoint
SAVEPOINT lastseat;

-- name: release_savepoint
RELEASE SAVEPOINT lastseat;

-- name: rollback_to_savepoint
ROLLBACK TO SAVEPOINT lastseat;

-- name: configure
-- For this transaction only: how long a lock may be waited for; no plan that scans a table, since one
-- made while it was nearly empty stays cached while it grows; no planning anew for each batch, since
-- every plan goes by key; and an end to an engine that vanishes without a word while it holds locks.
-- And the lock by which whoever forgets a person waits for the decisions under way, which may know
-- them still, and holds up those to come (see forget.sql). It is shared: no decision waits for another.
SELECT set_config('lock_timeout', %(lock_timeout)s, true),
       set_config('enable_seqscan', 'off', true),
       set_config('plan_cache_mode', 'force_generic_plan', true),
       set_config('idle_in_transaction_session_timeout', '10s', true),
       pg_advisory_xact_lock_shared(hashtextextended('lastseat forget ' || %(tenant)s::text, 0));

-- name: read_settings
-- What `configure` changes, to be put back in a caller's transaction.
SELECT name, current_setting(name)
FROM unnest(ARRAY['lock_timeout', 'enable_seqscan', 'plan_cache_mode',
                  'idle_in_transaction_session_timeout']) AS name;

-- name: restore_settings
SELECT set_config(n.name, n.value, true)
FROM unnest(%(names)s::text[], %(values)s::text[]) AS n (name, value);

-- name: check_exclusive
-- Two live claims of one exclusive resource fail here, while the transaction can still be undone.
SET CONSTRAINTS lastseat.claims_exclusive IMMEDIATE;

-- name: defer_exclusive
SET CONSTRAINTS lastseat.claims_exclusive DEFERRED;

-- name: clock
-- The time of the decisions: a statement of its own after the locks, so that no lock wait is in it.
SELECT (extract(epoch FROM lastseat.clock()) * 1000000)::bigint;
