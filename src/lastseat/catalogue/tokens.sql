-- Secrets of a tenant.

-- name: add_secret
INSERT INTO lastseat.secrets (tenant_id, name, value, created_at)
VALUES (%(tenant)s::text, %(name)s::text, %(value)s::bytea, (SELECT lastseat.clock()))
ON CONFLICT (tenant_id, name) DO NOTHING;

-- name: secret
SELECT value FROM lastseat.secrets
WHERE tenant_id = %(tenant)s::text AND name = %(name)s::text;
