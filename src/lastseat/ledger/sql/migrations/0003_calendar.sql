-- When things can be booked: rules, schedules, composites, series, and calendars from elsewhere.
--
-- As before: every key starts with tenant_id, no triggers, no foreign keys.

ALTER TABLE lastseat.heads
    DROP CONSTRAINT heads_kind,
    ADD CONSTRAINT heads_kind CHECK (kind IN (
        'unborn', 'event', 'occurrence', 'resource', 'pool', 'actor', 'limit', 'composite',
        'location')),
    -- A composite's parts, none of them a composite itself.
    ADD COLUMN parts text[],
    -- The occurrence does not take place.
    ADD COLUMN called_off boolean NOT NULL DEFAULT false;

-- An event that lists its starts has them in `starts`; one with a rule has its `schedule` instead.
ALTER TABLE lastseat.events
    ADD COLUMN schedule json,
    DROP CONSTRAINT events_seconds_check,
    ADD CONSTRAINT events_seconds CHECK (seconds > 0 OR schedule IS NOT NULL);

-- Opening hours, recurring blocks, lead time: the last ones journalled on their owner's stream.
CREATE TABLE lastseat.rules (
    tenant_id text COLLATE "C" NOT NULL,
    owner_id text COLLATE "C" NOT NULL,
    rules json NOT NULL,
    PRIMARY KEY (tenant_id, owner_id)
);

-- Which bookings are one series.
ALTER TABLE lastseat.bookings ADD COLUMN series_id uuid;
CREATE INDEX bookings_of_series ON lastseat.bookings (tenant_id, series_id, booking_id)
    WHERE series_id IS NOT NULL;

-- Which resources a service takes, and when it is offered.
ALTER TABLE lastseat.services
    ADD COLUMN needs json;

-- What is taken of resources over a time, in order: availability reads this and not the table. No two
-- of these claims of one resource overlap (claims_exclusive), so the order of their ends is theirs.
CREATE INDEX claims_taken ON lastseat.claims (tenant_id, bookable_id, upper(blocked))
    INCLUDE (blocked, expires_at)
    WHERE live AND exclusive AND NOT override AND NOT own_time;

-- Calendars that are imported, from an address or from files, and again (RFC 5545). The address may
-- hold a secret of whoever publishes it. `importing_until`: somebody is at it.
CREATE TABLE lastseat.calendars (
    tenant_id text COLLATE "C" NOT NULL,
    calendar_id text COLLATE "C" NOT NULL,
    url text,
    terms json NOT NULL,
    etag text,
    last_modified text,
    imported_at timestamptz,
    report json,
    importing_until timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, calendar_id)
);

-- What of a calendar became which bookable or booking, so that the next import changes that.
-- `ends_at`: when the last of it is over; null: never, or when nobody knows.
CREATE TABLE lastseat.calendar_items (
    tenant_id text COLLATE "C" NOT NULL,
    calendar_id text COLLATE "C" NOT NULL,
    uid text COLLATE "C" NOT NULL,
    sequence integer NOT NULL,
    hash text NOT NULL,
    made text[] NOT NULL,
    ends_at timestamptz,
    PRIMARY KEY (tenant_id, calendar_id, uid)
);

-- Feeds given out: an address with a secret, of which only a hash is kept. `of` is what it shows, such
-- as `location:hall` or `resource:lane-1`.
CREATE TABLE lastseat.feeds (
    tenant_id text COLLATE "C" NOT NULL,
    feed_id uuid NOT NULL,
    hash bytea NOT NULL,
    of text COLLATE "C" NOT NULL,
    redacted boolean NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, feed_id)
);
-- A feed is looked up before its tenant is known.
CREATE INDEX feeds_by_id ON lastseat.feeds (feed_id);
