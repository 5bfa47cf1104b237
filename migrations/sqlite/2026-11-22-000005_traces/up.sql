-- Traces as partial reports build them: what convergence needs (state), figures that lists and
-- aggregates ask for, sessions, retention.
-- Nothing was released before it, so no older binary writes traces beside it, without their keys:
-- what it replaces goes at once.
-- A row's `state` holds what no query asks for: when its fields were said, where large inputs and
-- outputs lie.
DROP INDEX llm_trace_by_time;
DROP INDEX llm_observation_by_time;
DROP INDEX llm_observation_by_trace;
ALTER TABLE llm_trace RENAME TO llm_trace_old;
ALTER TABLE llm_observation RENAME TO llm_observation_old;

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
    bookmarked boolean NOT NULL DEFAULT false,
    ended_at text,
    latency_ms bigint,
    observation_count bigint NOT NULL DEFAULT 0,
    error_count bigint NOT NULL DEFAULT 0,
    total_tokens bigint NOT NULL DEFAULT 0,
    total_cost bigint,
    state text NOT NULL DEFAULT '{}',
    PRIMARY KEY (project_id, id)
);

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
    total_tokens bigint NOT NULL DEFAULT 0,
    usage_estimated boolean NOT NULL DEFAULT false,
    latency_ms bigint,
    time_to_first_token_ms bigint,
    experiment_id text,
    experiment_item_id text,
    state text NOT NULL DEFAULT '{}',
    PRIMARY KEY (project_id, trace_id, id)
);

CREATE INDEX llm_trace_by_time ON llm_trace (project_id, started_at, id);
CREATE INDEX llm_trace_by_session ON llm_trace (project_id, session_id) WHERE session_id IS NOT NULL;
CREATE INDEX llm_trace_by_user ON llm_trace (project_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX llm_observation_by_time ON llm_observation (project_id, started_at, id);
CREATE INDEX llm_observation_by_id ON llm_observation (project_id, id);

-- One row a trace that is not partitioned: where its row and its observations lie, the lock of those
-- who write it, and what is left of one that was deleted.
CREATE TABLE llm_trace_key (
    project_id blob NOT NULL,
    id text NOT NULL,
    started_at text NOT NULL,
    first_observed_at text,
    last_observed_at text,
    deleted_at text,
    PRIMARY KEY (project_id, id)
);

CREATE INDEX llm_trace_key_by_deletion ON llm_trace_key (deleted_at) WHERE deleted_at IS NOT NULL;

-- A session exists from the first trace that names it on.
CREATE TABLE llm_session (
    project_id blob NOT NULL,
    id text NOT NULL,
    created_at text NOT NULL,
    environment text NOT NULL,
    bookmarked boolean NOT NULL DEFAULT false,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (project_id, id)
);

CREATE INDEX llm_session_by_time ON llm_session (project_id, created_at, id);

-- How long a project keeps its traces; 0 = for ever.
CREATE TABLE llm_retention (
    project_id blob NOT NULL PRIMARY KEY,
    days integer NOT NULL,
    updated_at text NOT NULL
);

-- What the last release stored: everything in a row was said when it was last written.
INSERT INTO llm_observation (
    project_id, id, trace_id, parent_id, kind, name, started_at, ended_at, completion_started_at,
    level, status_message, environment, version, model, model_parameters, prompt_name,
    prompt_version, usage_details, cost_details, total_cost, metadata, input, output, created_at,
    updated_at,
    total_tokens, latency_ms, time_to_first_token_ms, state
)
SELECT
    project_id, id, trace_id, parent_id, kind, name, started_at, ended_at, completion_started_at,
    level, status_message, environment, version, model, model_parameters, prompt_name,
    prompt_version, usage_details, cost_details, total_cost, metadata, input, output, created_at,
    updated_at,
    coalesce(json_extract(usage_details, '$.total'),
        (SELECT sum(value) FROM json_each(usage_details)), 0),
    CAST(round((julianday(ended_at) - julianday(started_at)) * 86400000) AS bigint),
    CAST(round((julianday(completion_started_at) - julianday(started_at)) * 86400000) AS bigint),
    '{"at":' || (CAST(strftime('%s', updated_at) AS bigint) * 1000000
        + CAST(substr(updated_at, 21, 6) AS bigint)) || CASE WHEN total_cost IS NULL THEN '' ELSE ',"cost_reported":true' END
        || '}'
FROM llm_observation_old;

INSERT INTO llm_trace (
    project_id, id, started_at, name, user_id, session_id, release, version, environment, public,
    tags, metadata, input, output, created_at, updated_at,
    ended_at, latency_ms, observation_count, error_count, total_tokens, total_cost, state
)
SELECT
    t.project_id, t.id, t.started_at, t.name, t.user_id, t.session_id, t.release, t.version,
    t.environment, t.public, t.tags, t.metadata, t.input, t.output, t.created_at, t.updated_at,
    o.ended_at, CAST(round((julianday(o.ended_at) - julianday(t.started_at)) * 86400000) AS bigint),
    coalesce(o.observations, 0),
    coalesce(o.errors, 0), coalesce(o.tokens, 0), o.cost,
    '{"at":' || (CAST(strftime('%s', t.updated_at) AS bigint) * 1000000
        + CAST(substr(t.updated_at, 21, 6) AS bigint)) || '}'
FROM llm_trace_old t
LEFT JOIN (
    SELECT project_id, trace_id, max(ended_at) AS ended_at, count(*) AS observations,
        sum(level = 'ERROR') AS errors, sum(total_tokens) AS tokens,
        sum(total_cost) AS cost
    FROM llm_observation GROUP BY project_id, trace_id
) o ON o.project_id = t.project_id AND o.trace_id = t.id;

INSERT INTO llm_trace_key (project_id, id, started_at, first_observed_at, last_observed_at)
SELECT t.project_id, t.id, t.started_at, o.first_at, o.last_at
FROM llm_trace t
LEFT JOIN (
    SELECT project_id, trace_id, min(started_at) AS first_at, max(started_at) AS last_at
    FROM llm_observation GROUP BY project_id, trace_id
) o ON o.project_id = t.project_id AND o.trace_id = t.id;

INSERT INTO llm_session (project_id, id, created_at, environment)
SELECT project_id, session_id, min(created_at), min(environment)
FROM llm_trace WHERE session_id IS NOT NULL GROUP BY project_id, session_id;

DROP TABLE llm_observation_old;
DROP TABLE llm_trace_old;
