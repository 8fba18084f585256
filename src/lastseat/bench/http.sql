-- name: http_occurrence
-- What an occurrence sold, by its head and by its claims; its capacity.
SELECT h.taken, h.capacity, h.overbooked,
       (SELECT coalesce(sum(c.units), 0) FROM lastseat.claims c
        WHERE c.tenant_id = h.tenant_id AND c.bookable_id = h.bookable_id AND c.live),
       (SELECT count(*) FROM lastseat.journal j
        WHERE j.tenant_id = h.tenant_id AND j.stream_id = h.bookable_id AND j.type = 'booked')
FROM lastseat.heads h
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = %(bookable)s::text;
