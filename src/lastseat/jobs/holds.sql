-- Holds that run out.

-- name: holds_soon
-- Holds of all tenants that are overdue or will be within `within` seconds, with how long they have
-- still: from each tenant its next one first, so that none waits behind another's thousands. For
-- each tenant its index is looked into once. Not `besides`, which are being expired.
SELECT t.tenant_id, due.booking_id::text,
       extract(epoch FROM due.expires_at - (SELECT lastseat.clock()))::float8 AS seconds
FROM lastseat.tenants t
CROSS JOIN LATERAL (
    SELECT b.booking_id, b.expires_at, row_number() OVER (ORDER BY b.expires_at) AS rank
    FROM lastseat.bookings b
    WHERE b.tenant_id = t.tenant_id AND b.status = 'HELD'
      AND b.expires_at <= (SELECT lastseat.clock()) + make_interval(secs => %(within)s::float8)
      AND b.booking_id <> ALL (%(besides)s::uuid[])
    ORDER BY b.expires_at
    LIMIT %(limit)s::integer
) AS due
ORDER BY due.rank, due.expires_at
LIMIT %(limit)s::integer;
