-- Traces, their observations, and the prices that a project sets itself.
-- input, output, metadata and model_parameters hold JSON as text: what a caller sent comes back
-- byte for byte, and a NUL stays escaped.
CREATE TABLE llm_trace (
    project_id blob NOT NULL,
    id text NOT NULL,
    started_at text NOT NULL,
    name text,
    user_id text,
    session_id text,
    release text,
    version text,
    environment text NOT NULL,
    public boolean NOT NULL,
    tags text NOT NULL,
    metadata text NOT NULL,
    input text,
    output text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE INDEX llm_trace_by_time ON llm_trace (project_id, started_at, id);

CREATE TABLE llm_observation (
    project_id blob NOT NULL,
    id text NOT NULL,
    trace_id text NOT NULL,
    parent_id text,
    kind text NOT NULL,
    name text,
    started_at text NOT NULL,
    ended_at text,
    completion_started_at text,
    level text NOT NULL,
    status_message text,
    environment text NOT NULL,
    version text,
    model text,
    model_parameters text NOT NULL,
    prompt_name text,
    prompt_version integer,
    usage_details text NOT NULL,
    cost_details text NOT NULL,
    total_cost bigint,
    metadata text NOT NULL,
    input text,
    output text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE INDEX llm_observation_by_time ON llm_observation (project_id, started_at, id);
CREATE INDEX llm_observation_by_trace ON llm_observation (project_id, trace_id);

-- Amounts are 1e-9 US dollars for a million tokens.
CREATE TABLE llm_price (
    project_id blob NOT NULL,
    model text NOT NULL,
    input bigint NOT NULL,
    output bigint NOT NULL,
    cached_input bigint,
    cache_write bigint,
    audio_input bigint,
    audio_output bigint,
    updated_at text NOT NULL,
    PRIMARY KEY (project_id, model)
);
