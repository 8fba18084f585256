-- What the service needs beside the ledger: who may do what, what has a name but no capacity, and the
-- indexes of its lists. Nothing here is read to decide about capacity.
--
-- As before: every key starts with tenant_id, no triggers, no foreign keys.

ALTER TABLE lastseat.tenants
    ADD COLUMN name text,
    ADD COLUMN operator boolean NOT NULL DEFAULT false,
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN updated_at timestamptz;

-- Where a bookable is. Written once, with its definition.
ALTER TABLE lastseat.heads ADD COLUMN location_id text COLLATE "C";

-- The lists of occurrences, resources, events. No column that a booking changes is named here: an
-- update of a head stays on its page (HOT).
CREATE INDEX heads_listed ON lastseat.heads (tenant_id, kind, bookable_id)
    WHERE kind NOT IN ('actor', 'unborn');
CREATE INDEX heads_at_location ON lastseat.heads (tenant_id, location_id, kind, bookable_id)
    WHERE location_id IS NOT NULL;
CREATE INDEX heads_in_time ON lastseat.heads USING gist (tenant_id, tstzrange(starts_at, ends_at))
    WHERE kind = 'occurrence';

-- A person's bookings, newest first: ids are in the order of time.
CREATE INDEX bookings_of_actor ON lastseat.bookings (tenant_id, actor_id, booking_id);
-- What is out of the ordinary. Nearly all bookings are made CONFIRMED and cost nothing here; one that
-- is COMPLETED is written anew in every index as it is.
CREATE INDEX bookings_unusual ON lastseat.bookings (tenant_id, status, booking_id)
    WHERE status <> 'CONFIRMED';
-- What was claimed once: bookings that were cancelled or ran out are listed under their bookables too.
CREATE INDEX claims_gone ON lastseat.claims (tenant_id, bookable_id, upper(during))
    WHERE NOT live AND NOT own_time;

-- What a bookable is called. Erasable: a resource may be a person.
CREATE TABLE lastseat.bookable_details (
    tenant_id text COLLATE "C" NOT NULL,
    bookable_id text COLLATE "C" NOT NULL,
    name text,
    attributes jsonb,
    PRIMARY KEY (tenant_id, bookable_id)
);

CREATE TABLE lastseat.locations (
    tenant_id text COLLATE "C" NOT NULL,
    location_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    attributes jsonb,
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, location_id)
);

-- How a service is sold. How many at once is the capacity of its head, `service:<service_id>`.
CREATE TABLE lastseat.services (
    tenant_id text COLLATE "C" NOT NULL,
    service_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    location_id text COLLATE "C",
    duration_seconds integer CHECK (duration_seconds > 0),
    before_seconds integer NOT NULL DEFAULT 0 CHECK (before_seconds >= 0),
    after_seconds integer NOT NULL DEFAULT 0 CHECK (after_seconds >= 0),
    hold_seconds integer NOT NULL DEFAULT 900 CHECK (hold_seconds > 0),
    hold_limit_seconds integer NOT NULL DEFAULT 3600 CHECK (hold_limit_seconds >= hold_seconds),
    attributes jsonb,
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, service_id)
);

-- Who may ask. Of a key only a hash is kept: it is shown once.
CREATE TABLE lastseat.api_keys (
    tenant_id text COLLATE "C" NOT NULL,
    key_id uuid NOT NULL,
    hash bytea NOT NULL,
    name text NOT NULL,
    roles text[] NOT NULL,
    scopes text[],
    publishable boolean NOT NULL,
    per_minute integer CHECK (per_minute > 0),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, key_id)
);
-- A key is looked up before its tenant is known.
CREATE INDEX api_keys_by_id ON lastseat.api_keys (key_id);

-- Secrets of a tenant, such as that which signs its cancellation tokens.
CREATE TABLE lastseat.secrets (
    tenant_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

-- People, by the subject of their signed tokens. Erasable: the journal knows them by person_id.
CREATE TABLE lastseat.people (
    tenant_id text COLLATE "C" NOT NULL,
    person_id uuid NOT NULL,
    subject text COLLATE "C" NOT NULL,
    name text,
    roles text[] NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, person_id),
    CONSTRAINT people_subject UNIQUE (tenant_id, subject)
);

-- How to reach whoever a booking is for. Erasable.
CREATE TABLE lastseat.booking_contacts (
    tenant_id text COLLATE "C" NOT NULL,
    booking_id uuid NOT NULL,
    name text,
    email text,
    phone text,
    PRIMARY KEY (tenant_id, booking_id)
);
