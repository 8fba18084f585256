-- Who waits for what (MISSION C7). A booking that waits is WAITLISTED and has no claims; when what it
-- waits for comes free it is HELD, and its rows here go.
--
-- As before: every key starts with tenant_id, no triggers, no foreign keys.

ALTER TABLE lastseat.heads
    -- How many bookings wait for this bookable, as a line's own or as what they may be given.
    ADD COLUMN waiting integer NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    ADD COLUMN waitlist text NOT NULL DEFAULT 'fifo'
        CONSTRAINT heads_waitlist CHECK (waitlist IN ('closed', 'fifo', 'first_that_fits'));

ALTER TABLE lastseat.bookings
    DROP CONSTRAINT bookings_status,
    ADD CONSTRAINT bookings_status CHECK (status IN (
        'WAITLISTED', 'HELD', 'PENDING_APPROVAL', 'RESERVED', 'CONFIRMED', 'CHECKED_IN', 'COMPLETED',
        'NO_SHOW', 'CANCELLED', 'EXPIRED', 'REJECTED'));

-- One row for each bookable that a booking waits on, as the journal has one entry. In its line, where
-- bookable_id is queue_id, the row says for what: `seq` is the place in line, `during` the time (null:
-- the occurrence's own), `units` the party.
CREATE TABLE lastseat.waitlist (
    tenant_id text COLLATE "C" NOT NULL,
    bookable_id text COLLATE "C" NOT NULL,
    booking_id uuid NOT NULL,
    queue_id text COLLATE "C" NOT NULL,
    actor_id uuid NOT NULL,
    seq bigint NOT NULL,
    units integer,
    during tstzrange,
    awaited json,
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, bookable_id, booking_id)
);
CREATE INDEX waitlist_of_booking ON lastseat.waitlist (tenant_id, booking_id);
