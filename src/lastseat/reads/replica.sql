-- How far a replica is behind, by what is written and what it has replayed: whichever way it gets it.

-- name: wal_written
-- Which server and database this is, and what its write-ahead log has come to, in bytes.
SELECT (SELECT system_identifier::text FROM pg_control_system()) || '/' || 'lastseat.heads'::regclass::oid::text,
       pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint;

-- name: wal_replayed
-- The same of a replica; null in place of the bytes where the server is none.
SELECT (SELECT system_identifier::text FROM pg_control_system()) || '/' || 'lastseat.heads'::regclass::oid::text,
       CASE WHEN pg_is_in_recovery()
            THEN pg_wal_lsn_diff(coalesce(pg_last_wal_replay_lsn(), '0/0'), '0/0')::bigint END;
