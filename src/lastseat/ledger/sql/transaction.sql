-- name: begin
BEGIN ISOLATION LEVEL READ COMMITTED;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: savepoint
SAVEPOINT lastseat;

-- name: release_savepoint
RELEASE SAVEPOINT lastseat;

-- name: rollback_to_savepoint
ROLLBACK TO SAVEPOINT lastseat;

-- name: configure
-- For this transaction only: how long a lock may be waited for, and no plan that scans a table: one
-- made while a table was nearly empty would stay cached while it grows. An engine that vanishes
-- without a word loses its locks after ten seconds.
SELECT set_config('lock_timeout', %(lock_timeout)s, true),
       set_config('enable_seqscan', 'off', true),
       set_config('idle_in_transaction_session_timeout', '10s', true);

-- name: read_settings
-- What `configure` changes, to be put back in a caller's transaction.
SELECT current_setting('lock_timeout'), current_setting('enable_seqscan'),
       current_setting('idle_in_transaction_session_timeout');

-- name: restore_settings
SELECT set_config('lock_timeout', %(lock_timeout)s, true),
       set_config('enable_seqscan', %(enable_seqscan)s, true),
       set_config('idle_in_transaction_session_timeout', %(idle_timeout)s, true);

-- name: check_exclusive
-- Two live claims of one exclusive resource fail here, while the transaction can still be undone.
SET CONSTRAINTS lastseat.claims_exclusive IMMEDIATE;

-- name: defer_exclusive
SET CONSTRAINTS lastseat.claims_exclusive DEFERRED;

-- name: clock
-- The time of the decisions: a statement of its own after the locks, so that no lock wait is in it.
SELECT (extract(epoch FROM lastseat.clock()) * 1000000)::bigint;
