-- The feed: the journal in the order in which it became visible, as live updates, webhooks and jobs
-- read it. Neither ordinals nor transaction ids are in that order; see lastseat/feed.

-- Positions `first_pos` to `last_pos` of a tenant's feed: which journal rows they are. The rows are not
-- copied. A page is written once; the newest one of a tenant is never removed.
CREATE TABLE lastseat.feed_pages (
    tenant_id text COLLATE "C" NOT NULL,
    last_pos bigint NOT NULL,
    first_pos bigint NOT NULL,
    streams text[] NOT NULL,
    seqs bigint[] NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, last_pos),
    CHECK (last_pos - first_pos + 1 = cardinality(streams) AND cardinality(streams) = cardinality(seqs))
);

-- How far the relay has come: one row, locked by whichever relay works. Rows of transactions that
-- `snapshot` does not show, with an ordinal past `floor`, are to come. `identity` is the server and the
-- timeline that transaction ids belong to: on another one the feed begins a new `epoch`.
CREATE TABLE lastseat.relay (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch uuid,
    identity text,
    snapshot pg_snapshot,
    floor bigint NOT NULL DEFAULT 0,
    at timestamptz
);
INSERT INTO lastseat.relay DEFAULT VALUES;

-- What is new since a snapshot, without looking at the rest. Next to nothing to keep: one entry for 16
-- pages of an append-only table. (There is no BRIN operator class for xid8.)
CREATE INDEX journal_by_tx ON lastseat.journal USING brin (((tx::text)::bigint))
    WITH (pages_per_range = 16, autosummarize = on);
