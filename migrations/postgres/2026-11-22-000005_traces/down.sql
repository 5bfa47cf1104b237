DROP TABLE llm_retention;
DROP TABLE llm_session;
DROP TABLE llm_trace_key;
DROP INDEX llm_trace_by_time;
DROP INDEX llm_trace_by_session;
DROP INDEX llm_trace_by_user;
DROP INDEX llm_observation_by_time;
DROP INDEX llm_observation_by_id;
ALTER TABLE llm_trace RENAME TO llm_trace_new;
ALTER TABLE llm_observation RENAME TO llm_observation_new;
ALTER INDEX llm_trace_pkey RENAME TO llm_trace_new_pkey;
ALTER INDEX llm_observation_pkey RENAME TO llm_observation_new_pkey;

CREATE TABLE llm_trace (
    project_id uuid NOT NULL,
    id text NOT NULL,
    started_at timestamptz NOT NULL,
    name text,
    user_id text,
    session_id text,
    release text,
    version text,
    environment text NOT NULL,
    public boolean NOT NULL,
    tags json NOT NULL,
    metadata text NOT NULL,
    input text,
    output text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE INDEX llm_trace_by_time ON llm_trace (project_id, started_at, id);

CREATE TABLE llm_observation (
    project_id uuid NOT NULL,
    id text NOT NULL,
    trace_id text NOT NULL,
    parent_id text,
    kind text NOT NULL,
    name text,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    completion_started_at timestamptz,
    level text NOT NULL,
    status_message text,
    environment text NOT NULL,
    version text,
    model text,
    model_parameters text NOT NULL,
    prompt_name text,
    prompt_version integer,
    usage_details json NOT NULL,
    cost_details json NOT NULL,
    total_cost bigint,
    metadata text NOT NULL,
    input text,
    output text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE INDEX llm_observation_by_time ON llm_observation (project_id, started_at, id);
CREATE INDEX llm_observation_by_trace ON llm_observation (project_id, trace_id);

INSERT INTO llm_trace (
    project_id, id, started_at, name, user_id, session_id, release, version, environment, public,
    tags, metadata, input, output, created_at, updated_at
)
SELECT
    project_id, id, started_at, name, user_id, session_id, release, version, environment, public,
    tags, metadata, input, output, created_at, updated_at
FROM llm_trace_new;

-- The last release knew an observation by its id alone.
INSERT INTO llm_observation (
    project_id, id, trace_id, parent_id, kind, name, started_at, ended_at, completion_started_at,
    level, status_message, environment, version, model, model_parameters, prompt_name,
    prompt_version, usage_details, cost_details, total_cost, metadata, input, output, created_at,
    updated_at
)
SELECT
    project_id, id, trace_id, parent_id, kind, name, started_at, ended_at, completion_started_at,
    level, status_message, environment, version, model, model_parameters, prompt_name,
    prompt_version, usage_details, cost_details, total_cost, metadata, input, output, created_at,
    updated_at
FROM llm_observation_new
WHERE true
ON CONFLICT DO NOTHING;

DROP TABLE llm_observation_new;
DROP TABLE llm_trace_new;
