-- Outgoing webhooks: who is told of which changes, and what became of each message.
--
-- As before: every key starts with tenant_id, no triggers, no foreign keys.

-- Endpoints. `pos` is how far in the tenant's feed its messages are made, in which `epoch`. `disabled`:
-- why it is told nothing. `failing_since`: when the first delivery failed after the last that did not.
-- `not_before`: it asked to be left alone until then.
CREATE TABLE lastseat.webhooks (
    tenant_id text COLLATE "C" NOT NULL,
    webhook_id uuid NOT NULL,
    url text NOT NULL,
    kinds text[] NOT NULL CHECK (cardinality(kinds) > 0),
    description text,
    disabled text,
    epoch uuid,
    pos bigint NOT NULL,
    failing_since timestamptz,
    not_before timestamptz,
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, webhook_id)
);

-- What signs an endpoint's messages: as it is, since nothing can be signed with a hash. The highest
-- `no` is the one in force, those before it sign too until they end.
CREATE TABLE lastseat.webhook_secrets (
    tenant_id text COLLATE "C" NOT NULL,
    webhook_id uuid NOT NULL,
    no integer NOT NULL,
    value bytea NOT NULL,
    created_at timestamptz NOT NULL,
    ends_at timestamptz,
    PRIMARY KEY (tenant_id, webhook_id, no)
);

-- One row for each endpoint and change. `subject` is what order is kept for: the change's booking, else
-- its bookable. While it is pending, `due_at` is when it is tried next; whoever tries it moves that past
-- the end of the try, so that a worker which dies leaves it to be tried again.
CREATE TABLE lastseat.webhook_deliveries (
    tenant_id text COLLATE "C" NOT NULL,
    webhook_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    pos bigint NOT NULL,
    subject text COLLATE "C" NOT NULL,
    type text NOT NULL,
    body text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    done_at timestamptz,
    answered integer,
    reason text,
    PRIMARY KEY (tenant_id, webhook_id, delivery_id),
    CONSTRAINT webhook_deliveries_status CHECK (status IN ('pending', 'delivered', 'dead')),
    CONSTRAINT webhook_deliveries_done CHECK ((status = 'pending') = (done_at IS NULL))
) WITH (
    fillfactor = 90,
    -- What is pending comes and goes by the thousand: the planner has to hear of it soon.
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000,
    autovacuum_vacuum_scale_factor = 0.05
);
-- Lists.
CREATE INDEX webhook_deliveries_listed ON lastseat.webhook_deliveries (tenant_id, webhook_id, pos);
CREATE INDEX webhook_deliveries_dead ON lastseat.webhook_deliveries (tenant_id, webhook_id, pos)
    WHERE status = 'dead';
-- Which endpoints wait for something, and for what.
CREATE INDEX webhook_deliveries_due ON lastseat.webhook_deliveries (tenant_id, webhook_id, due_at)
    WHERE status = 'pending';
-- Is something earlier of the same booking on its way?
CREATE INDEX webhook_deliveries_waiting
    ON lastseat.webhook_deliveries (tenant_id, webhook_id, subject, pos) WHERE status = 'pending';
-- The sweep's: what was done when.
CREATE INDEX webhook_deliveries_done_at ON lastseat.webhook_deliveries (done_at)
    WHERE done_at IS NOT NULL;
