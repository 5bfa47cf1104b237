-- The outbox and what became of its events, jobs, and the answers to idempotency keys.
CREATE TABLE platform_outbox (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    project_id uuid NOT NULL,
    aggregate text NOT NULL,
    name text NOT NULL,
    payload json NOT NULL,
    occurred_at timestamptz NOT NULL,
    relayed_at timestamptz,
    entry text,
    settled_at timestamptz
);

CREATE INDEX platform_outbox_unrelayed ON platform_outbox (sequence) WHERE relayed_at IS NULL;
CREATE INDEX platform_outbox_unsettled ON platform_outbox (entry) WHERE settled_at IS NULL AND entry IS NOT NULL;
CREATE INDEX platform_outbox_settled ON platform_outbox (settled_at) WHERE settled_at IS NOT NULL;

-- One row: whoever holds its lock moves events, so that their order is kept.
CREATE TABLE platform_relay (
    name text PRIMARY KEY,
    last_entry text
);

INSERT INTO platform_relay (name) VALUES ('outbox');

CREATE TABLE platform_delivery (
    group_name text NOT NULL,
    sequence bigint NOT NULL REFERENCES platform_outbox (sequence),
    attempts integer NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (group_name, sequence)
);

CREATE INDEX platform_delivery_by_event ON platform_delivery (sequence);

CREATE TABLE platform_dead_event (
    group_name text NOT NULL,
    event_id uuid NOT NULL,
    project_id uuid NOT NULL,
    aggregate text NOT NULL,
    name text NOT NULL,
    payload json NOT NULL,
    occurred_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    error text NOT NULL,
    died_at timestamptz NOT NULL,
    PRIMARY KEY (group_name, event_id)
);

CREATE INDEX platform_dead_event_by_time ON platform_dead_event (died_at);

CREATE TABLE platform_handled_event (
    group_name text NOT NULL,
    event_id uuid NOT NULL,
    handled_at timestamptz NOT NULL,
    PRIMARY KEY (group_name, event_id)
);

CREATE INDEX platform_handled_event_by_time ON platform_handled_event (handled_at);

CREATE TABLE platform_job (
    id uuid PRIMARY KEY,
    project_id uuid,
    kind text NOT NULL,
    queue text NOT NULL,
    payload json NOT NULL,
    state text NOT NULL,
    priority integer NOT NULL,
    run_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    max_attempts integer NOT NULL,
    unique_key text,
    requested_by text NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    lease uuid,
    worker uuid,
    heartbeat_at timestamptz,
    cancel_requested boolean NOT NULL,
    progress_done bigint,
    progress_total bigint,
    progress_message text,
    error text
);

CREATE UNIQUE INDEX platform_job_unique_live ON platform_job (kind, unique_key) WHERE state IN ('queued', 'running');
CREATE INDEX platform_job_queued ON platform_job (queue, priority DESC, run_at, id) WHERE state = 'queued';
CREATE INDEX platform_job_running ON platform_job (worker) WHERE state = 'running';
CREATE INDEX platform_job_by_project ON platform_job (project_id, id);
CREATE INDEX platform_job_ended ON platform_job (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX platform_job_by_state ON platform_job (state, queue);

CREATE TABLE platform_idempotency (
    project_id uuid NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    content_type text,
    body bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, key)
);

CREATE INDEX platform_idempotency_by_time ON platform_idempotency (created_at);
