-- One booking's history: every journal row of it, on all the streams it ever touched.

-- name: booking_journal
-- The leads are found by their index; the rows beside them, on other streams, have none, since every
-- booking would pay for it. They are searched: in a stream ordinals rise with seq, so a lead's ordinal
-- is found by halving, from the booking's first claim on that stream; the rest of its change was
-- written at most `span` rows before or after. A booking that waited says on which streams it did.
WITH RECURSIVE leads AS MATERIALIZED (
    SELECT j.version, j.ordinal, j.stream_id, j.seq,
           CASE WHEN j.type = 'joined' THEN j.body END AS joined
    FROM lastseat.journal j
    WHERE j.tenant_id = %(tenant)s::text AND j.booking_id = %(booking)s::uuid AND j.lead
), streams AS MATERIALIZED (
    SELECT touched.bookable_id, min(touched.seq) AS first
    FROM (
        SELECT c.bookable_id, c.seq FROM lastseat.claims c
        WHERE c.tenant_id = %(tenant)s::text AND c.booking_id = %(booking)s::uuid
        UNION ALL
        SELECT l.stream_id, l.seq FROM leads l
        UNION ALL
        SELECT waited.stream_id, 1
        FROM leads l
        CROSS JOIN LATERAL json_array_elements_text((l.joined #> '{awaited,on}')::json)
            AS waited (stream_id)
    ) AS touched
    GROUP BY touched.bookable_id
), search (stream_id, version, ordinal, low, high) AS (
    SELECT s.bookable_id, l.version, l.ordinal, s.first, h.seq
    FROM leads l
    CROSS JOIN streams s
    CROSS JOIN LATERAL (
        SELECT x.seq FROM lastseat.heads x
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = s.bookable_id
        OFFSET 0
    ) AS h
    UNION ALL
    SELECT s.stream_id, s.version, s.ordinal,
           CASE WHEN middle.ordinal < s.ordinal THEN (s.low + s.high) / 2 + 1 ELSE s.low END,
           CASE WHEN middle.ordinal < s.ordinal THEN s.high ELSE (s.low + s.high) / 2 END
    FROM search s
    CROSS JOIN LATERAL (
        SELECT x.ordinal FROM lastseat.journal x
        WHERE x.tenant_id = %(tenant)s::text AND x.stream_id = s.stream_id
          AND x.seq = (s.low + s.high) / 2
        OFFSET 0
    ) AS middle
    WHERE s.low < s.high
)
SELECT j.stream_id, j.seq, j.type, j.v, j.body::text, j.version, j.lead, j.principal,
       (extract(epoch FROM j.at) * 1000000)::bigint, n.reason,
       h.kind, (extract(epoch FROM h.starts_at) * 1000000)::bigint,
       (extract(epoch FROM h.ends_at) * 1000000)::bigint
FROM (SELECT DISTINCT stream_id, version, low FROM search WHERE low >= high) AS found
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.journal x
    WHERE x.tenant_id = %(tenant)s::text AND x.stream_id = found.stream_id
      AND x.seq BETWEEN found.low - %(span)s::integer AND found.low + %(span)s::integer
      AND x.booking_id = %(booking)s::uuid AND x.version = found.version
    OFFSET 0
) AS j
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.heads x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = j.stream_id
    OFFSET 0
) AS h
LEFT JOIN LATERAL (
    SELECT x.reason FROM lastseat.notes x
    WHERE j.lead AND x.tenant_id = %(tenant)s::text AND x.command_id = j.command_id
    OFFSET 0
) AS n ON true
ORDER BY j.ordinal
