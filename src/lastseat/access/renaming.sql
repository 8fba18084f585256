-- name: tenant_locked
-- A tenant's row, held until the transaction ends.
SELECT tenant_id, name, operator, version, created_at, updated_at
FROM lastseat.tenants
WHERE tenant_id = %(tenant)s::text
FOR NO KEY UPDATE;

-- name: tenant_renamed
-- A tenant's new name; the version counts.
UPDATE lastseat.tenants
SET name = %(name)s::text, version = version + 1, updated_at = (SELECT lastseat.clock())
WHERE tenant_id = %(tenant)s::text
RETURNING tenant_id, name, operator, version, created_at, updated_at;
