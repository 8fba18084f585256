-- What live updates ask: where feeds end, and where what they tell of is.

-- name: ends
-- Where the feeds of these tenants end, and the epoch, by one snapshot. A row for each, one at least.
SELECT r.epoch::text, wanted.tenant_id, coalesce(newest.last_pos, 0)
FROM lastseat.relay r
LEFT JOIN unnest(%(tenants)s::text[]) AS wanted (tenant_id) ON true
LEFT JOIN LATERAL (
    SELECT p.last_pos FROM lastseat.feed_pages p
    WHERE p.tenant_id = wanted.tenant_id ORDER BY p.last_pos DESC LIMIT 1) AS newest ON true;

-- name: kept
-- The epoch, the first position that is still there, and the last.
SELECT r.epoch::text, coalesce(oldest.first_pos, 1), coalesce(newest.last_pos, 0)
FROM lastseat.relay r
LEFT JOIN LATERAL (
    SELECT p.first_pos FROM lastseat.feed_pages p
    WHERE p.tenant_id = %(tenant)s::text ORDER BY p.last_pos LIMIT 1) AS oldest ON true
LEFT JOIN LATERAL (
    SELECT p.last_pos FROM lastseat.feed_pages p
    WHERE p.tenant_id = %(tenant)s::text ORDER BY p.last_pos DESC LIMIT 1) AS newest ON true;

-- name: places
-- What these streams are of, and where that is.
SELECT bookable_id, kind, location_id, event_id
FROM lastseat.heads
WHERE tenant_id = %(tenant)s::text AND bookable_id = ANY(%(streams)s::text[]);
