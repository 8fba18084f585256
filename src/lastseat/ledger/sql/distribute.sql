-- Dividing the tables by tenant among the nodes of a Citus cluster: `lastseat migrate --distribute`.

-- name: citus_version
-- None where the database has not got the extension.
SELECT extversion FROM pg_extension WHERE extname = 'citus';

-- name: tables_of_the_schema
-- Each with whether it is divided by tenant: tenant_id is there, first, and never null.
SELECT c.relname::text, coalesce(a.attnum = 1 AND a.attnotnull, false)
FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE c.relnamespace = 'lastseat'::regnamespace AND c.relkind IN ('r', 'p')
ORDER BY c.relname;

-- name: divided_already
SELECT c.relname::text
FROM pg_dist_partition d
JOIN pg_class c ON c.oid = d.logicalrelid
WHERE c.relnamespace = 'lastseat'::regnamespace;

-- name: one_after_the_other
-- Several tables in one transaction: no node works on two of them at a time.
SELECT set_config('citus.multi_shard_modify_mode', 'sequential', true);
