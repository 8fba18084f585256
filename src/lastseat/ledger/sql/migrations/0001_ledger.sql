-- The ledger: an append-only journal, and the projections that decisions and lists read.
--
-- Every primary key, unique and exclusion constraint starts with tenant_id, so that the tables can
-- be distributed by tenant. There are no triggers and no foreign keys: neither survives distribution,
-- and the write path would pay for both.
--
-- Text keys compare by bytes (COLLATE "C"): PostgreSQL, Python and every locale then sort locks alike.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- The one clock of every decision. Tests replace it; nothing else reads the time.
CREATE FUNCTION lastseat.clock() RETURNS timestamptz
    LANGUAGE sql VOLATILE PARALLEL SAFE
    AS 'SELECT clock_timestamp()';

CREATE SEQUENCE lastseat.ordinal;

CREATE TABLE lastseat.tenants (
    tenant_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id)
);

-- One row a stream: where it stands, and the row whose lock lets one decision at a time through.
CREATE TABLE lastseat.heads (
    tenant_id text COLLATE "C" NOT NULL,
    bookable_id text COLLATE "C" NOT NULL,
    kind text NOT NULL DEFAULT 'unborn',
    capacity integer NOT NULL DEFAULT 0,
    overbooked integer NOT NULL DEFAULT 0,
    taken integer NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 0,
    at timestamptz,
    starts_at timestamptz,
    ends_at timestamptz,
    time_zone text,
    event_id text COLLATE "C",
    own_capacity boolean NOT NULL DEFAULT false,
    actor_time text NOT NULL DEFAULT 'refuse',
    PRIMARY KEY (tenant_id, bookable_id),
    CONSTRAINT heads_kind CHECK
        (kind IN ('unborn', 'event', 'occurrence', 'resource', 'pool', 'actor', 'limit')),
    CONSTRAINT heads_actor_time CHECK (actor_time IN ('refuse', 'warn', 'allow')),
    CONSTRAINT heads_occurrence_time CHECK
        ((kind = 'occurrence') = (starts_at IS NOT NULL) AND (starts_at IS NULL) = (ends_at IS NULL)),
    -- No overbooking, whatever the code says. `taken` counts what has one time for everybody;
    -- for resources see claims_exclusive; for pools and actors' own time the lock and the core are the
    -- only guard.
    CONSTRAINT heads_never_oversold CHECK
        (taken >= 0 AND overbooked >= 0 AND taken <= capacity + overbooked)
) WITH (
    -- A head is updated once a batch: room for the new version on the same page, and no waiting
    -- for a fifth of the table to be dead before the old ones go.
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 500
);
CREATE INDEX heads_of_event ON lastseat.heads (tenant_id, event_id, bookable_id)
    WHERE event_id IS NOT NULL;

-- When the occurrences of an event are. Its capacity is on its head.
CREATE TABLE lastseat.events (
    tenant_id text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    starts text[] NOT NULL,
    seconds integer NOT NULL CHECK (seconds > 0),
    PRIMARY KEY (tenant_id, event_id)
);

CREATE TABLE lastseat.journal (
    tenant_id text COLLATE "C" NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    type text NOT NULL,
    v smallint NOT NULL,
    body json NOT NULL,
    command_id uuid NOT NULL,
    booking_id uuid,
    version integer,
    lead boolean NOT NULL,
    principal text NOT NULL,
    at timestamptz NOT NULL,
    tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ordinal bigint NOT NULL DEFAULT nextval('lastseat.ordinal'),
    PRIMARY KEY (tenant_id, stream_id, seq)
);
-- The journal of one booking, and: exactly one lead for each of its versions.
CREATE UNIQUE INDEX journal_of_booking ON lastseat.journal (tenant_id, booking_id, version)
    WHERE lead;

CREATE TABLE lastseat.bookings (
    tenant_id text COLLATE "C" NOT NULL,
    booking_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    status text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    made integer NOT NULL,
    expires_at timestamptz,
    limit_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, booking_id),
    CONSTRAINT bookings_status CHECK (status IN (
        'HELD', 'PENDING_APPROVAL', 'RESERVED', 'CONFIRMED', 'CHECKED_IN', 'COMPLETED', 'NO_SHOW',
        'CANCELLED', 'EXPIRED', 'REJECTED')),
    CONSTRAINT bookings_hold_expires CHECK (status <> 'HELD' OR expires_at IS NOT NULL)
) WITH (fillfactor = 90);
-- The sweeper's: a tenant's holds by when they run out.
CREATE INDEX bookings_expiring ON lastseat.bookings (tenant_id, expires_at)
    WHERE status = 'HELD';

-- `during` and `blocked` are null for a claim of an occurrence: its time is the occurrence's.
CREATE TABLE lastseat.claims (
    tenant_id text COLLATE "C" NOT NULL,
    booking_id uuid NOT NULL,
    no integer NOT NULL,
    bookable_id text COLLATE "C" NOT NULL,
    actor_id uuid NOT NULL,
    units integer NOT NULL CHECK (units > 0),
    during tstzrange,
    blocked tstzrange,
    local_start timestamp,
    time_zone text,
    seq bigint NOT NULL,
    live boolean NOT NULL,
    exclusive boolean NOT NULL,
    override boolean NOT NULL,
    own_time boolean NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (tenant_id, booking_id, no),
    -- Checked by the engine just before commit: a swap frees and takes in one statement.
    CONSTRAINT claims_exclusive EXCLUDE USING gist
        (tenant_id WITH =, bookable_id WITH =, blocked WITH &&)
        WHERE (live AND exclusive AND NOT override AND NOT own_time) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 90);
-- Who is on the roster, and is this actor?
CREATE INDEX claims_on_roster ON lastseat.claims (tenant_id, bookable_id, actor_id)
    WHERE live AND blocked IS NULL;
-- Holds met under a head's lock.
CREATE INDEX claims_expiring ON lastseat.claims (tenant_id, bookable_id, expires_at)
    WHERE live AND expires_at IS NOT NULL;
-- What claims_exclusive leaves out: pools and overrides.
CREATE INDEX claims_shared ON lastseat.claims USING gist (tenant_id, bookable_id, blocked)
    WHERE live AND blocked IS NOT NULL AND NOT own_time AND (NOT exclusive OR override);
-- Actors' own time. An actor has few claims to come, so a tree by their ends serves; a GiST entry
-- costs twenty times as much to make, and every booking makes one of these.
CREATE INDEX claims_own_time ON lastseat.claims (tenant_id, bookable_id, upper(blocked))
    WHERE live AND own_time;

-- Idempotency keys: the answer, kept with its effect. No expiry: as long as the booking lives.
CREATE TABLE lastseat.keys (
    tenant_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    request_hash text NOT NULL,
    outcome text NOT NULL,
    command_id uuid NOT NULL,
    booking_id uuid,
    at timestamptz NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX keys_expiring ON lastseat.keys (expires_at) WHERE expires_at IS NOT NULL;

-- Personal data, erasable: the rows below may be changed or deleted; the journal needs none of them.

-- Who an actor is, in the caller's words. Deleting the row forgets the person.
CREATE TABLE lastseat.actors (
    tenant_id text COLLATE "C" NOT NULL,
    actor_id uuid NOT NULL,
    ref text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, actor_id),
    CONSTRAINT actors_ref UNIQUE (tenant_id, ref)
);

CREATE TABLE lastseat.booking_details (
    tenant_id text COLLATE "C" NOT NULL,
    booking_id uuid NOT NULL,
    metadata jsonb NOT NULL,
    PRIMARY KEY (tenant_id, booking_id)
);

-- The reason somebody gave with a command, such as an override's.
CREATE TABLE lastseat.notes (
    tenant_id text COLLATE "C" NOT NULL,
    command_id uuid NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (tenant_id, command_id)
);
