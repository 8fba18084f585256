-- What happens by itself: no-shows, subscribed calendars, and the queue of jobs.
--
-- The queue's own tables, types and functions (`procrastinate_*`) are that package's, in this schema;
-- ledger/job_tables.py puts them here and brings them up to date. They alone have triggers.

-- Which of the queue's own migrations this database has.
CREATE TABLE lastseat.job_migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- Whether a booking that nobody checked in becomes a no-show by itself, and after how long.
ALTER TABLE lastseat.locations
    ADD COLUMN no_show boolean NOT NULL DEFAULT true,
    ADD COLUMN no_show_after_seconds integer NOT NULL DEFAULT 900
        CHECK (no_show_after_seconds BETWEEN 0 AND 604800);

-- What begins when, of all resources: no-shows are looked for here. (Occurrences: heads_in_time.)
CREATE INDEX claims_begin ON lastseat.claims (tenant_id, lower(during))
    WHERE live AND NOT own_time AND during IS NOT NULL;

-- Until when no-shows have been noted: one row, of all tenants.
CREATE TABLE lastseat.no_show_look (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    looked_until timestamptz NOT NULL
);
INSERT INTO lastseat.no_show_look (looked_until) VALUES (now());

-- When a subscribed calendar is to be looked at again, and how often in a row that failed. Null: an
-- hour after it was imported.
ALTER TABLE lastseat.calendars
    ADD COLUMN refresh_at timestamptz,
    ADD COLUMN refresh_failures integer NOT NULL DEFAULT 0 CHECK (refresh_failures >= 0);
