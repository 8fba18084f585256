-- Calendars that are imported, and what became of their items.

-- name: set_calendar
-- Made or changed. Another address, or another use of it, has no validators yet.
INSERT INTO lastseat.calendars (tenant_id, calendar_id, url, terms, created_at)
VALUES (%(tenant)s::text, %(calendar)s::text, %(url)s::text, %(terms)s::json,
        (SELECT lastseat.clock()))
ON CONFLICT (tenant_id, calendar_id) DO UPDATE SET
    url = EXCLUDED.url,
    terms = EXCLUDED.terms,
    etag = NULL,
    last_modified = NULL
WHERE (calendars.url IS DISTINCT FROM EXCLUDED.url
       OR calendars.terms::text <> EXCLUDED.terms::text);

-- name: calendar
SELECT calendar_id, url, terms::text, etag, last_modified,
       (extract(epoch FROM imported_at) * 1000000)::bigint, report::text,
       (extract(epoch FROM created_at) * 1000000)::bigint
FROM lastseat.calendars
WHERE tenant_id = %(tenant)s::text AND calendar_id = %(calendar)s::text;

-- name: calendars
-- A page, by id.
SELECT calendar_id, url, terms::text, etag, last_modified,
       (extract(epoch FROM imported_at) * 1000000)::bigint, report::text,
       (extract(epoch FROM created_at) * 1000000)::bigint
FROM lastseat.calendars
WHERE tenant_id = %(tenant)s::text AND calendar_id > %(after)s::text
ORDER BY calendar_id
LIMIT %(limit)s::integer;

-- name: begin_import
-- No row when somebody else is at it.
UPDATE lastseat.calendars
SET importing_until = (SELECT lastseat.clock()) + make_interval(secs => %(seconds)s::integer)
WHERE tenant_id = %(tenant)s::text AND calendar_id = %(calendar)s::text
  AND (importing_until IS NULL OR importing_until < (SELECT lastseat.clock()))
RETURNING calendar_id;

-- name: end_import
-- With a report it has come to its end; validators are for the next question.
UPDATE lastseat.calendars
SET importing_until = NULL,
    etag = CASE WHEN %(report)s::json IS NULL THEN etag ELSE %(etag)s::text END,
    last_modified = CASE WHEN %(report)s::json IS NULL THEN last_modified
                         ELSE %(last_modified)s::text END,
    imported_at = CASE WHEN %(report)s::json IS NULL THEN imported_at
                       ELSE (SELECT lastseat.clock()) END,
    report = coalesce(%(report)s::json, report)
WHERE tenant_id = %(tenant)s::text AND calendar_id = %(calendar)s::text;

-- name: drop_calendar
DELETE FROM lastseat.calendars
WHERE tenant_id = %(tenant)s::text AND calendar_id = %(calendar)s::text
RETURNING calendar_id;

-- name: drop_calendar_items
DELETE FROM lastseat.calendar_items
WHERE tenant_id = %(tenant)s::text AND calendar_id = %(calendar)s::text;

-- name: calendar_items
SELECT uid, sequence, hash, made, (extract(epoch FROM ends_at) * 1000000)::bigint
FROM lastseat.calendar_items
WHERE tenant_id = %(tenant)s::text AND calendar_id = %(calendar)s::text
ORDER BY uid;

-- name: keep_calendar_items
-- What was made of several items.
INSERT INTO lastseat.calendar_items
    (tenant_id, calendar_id, uid, sequence, hash, made, ends_at)
SELECT %(tenant)s::text, %(calendar)s::text, x.uid, x.sequence, x.hash,
       ARRAY(SELECT json_array_elements_text(x.made)), x.ends_at
FROM json_to_recordset(%(items)s::json)
    AS x (uid text, sequence integer, hash text, made json, ends_at timestamptz)
ON CONFLICT (tenant_id, calendar_id, uid) DO UPDATE SET
    sequence = EXCLUDED.sequence, hash = EXCLUDED.hash, made = EXCLUDED.made,
    ends_at = EXCLUDED.ends_at;

-- name: forget_calendar_items
DELETE FROM lastseat.calendar_items
WHERE tenant_id = %(tenant)s::text AND calendar_id = %(calendar)s::text
  AND uid = ANY (%(uids)s::text[]);

-- name: rename_bookables
-- What bookables are called: no part of their definition, so it may change without the journal.
INSERT INTO lastseat.bookable_details (tenant_id, bookable_id, name)
SELECT %(tenant)s::text, x.bookable, x.name
FROM json_to_recordset(%(names)s::json) AS x (bookable text, name text)
ON CONFLICT (tenant_id, bookable_id) DO UPDATE SET name = EXCLUDED.name;
