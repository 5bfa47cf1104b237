-- Scores and what they are held to, comments, and media that inputs and outputs refer to.
-- metadata holds JSON as text, as that of traces does. Ids are texts: clients choose them.
CREATE TABLE llm_score (
    project_id uuid NOT NULL,
    id text NOT NULL,
    trace_id text,
    observation_id text,
    session_id text,
    dataset_run_id text,
    name text NOT NULL,
    data_type text NOT NULL,
    -- The number: also of a boolean (0, 1) and of a category that its config maps to one.
    value double precision,
    string_value text,
    source text NOT NULL,
    comment text,
    metadata text NOT NULL,
    environment text NOT NULL,
    config_id text,
    queue_id text,
    author_user_id text,
    scored_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE INDEX llm_score_by_time ON llm_score (project_id, scored_at, id);
CREATE INDEX llm_score_by_trace ON llm_score (project_id, trace_id);
CREATE INDEX llm_score_by_session ON llm_score (project_id, session_id);
CREATE INDEX llm_score_by_run ON llm_score (project_id, dataset_run_id);
CREATE INDEX llm_score_by_name ON llm_score (project_id, name, scored_at);

CREATE TABLE llm_score_config (
    project_id uuid NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    data_type text NOT NULL,
    min_value double precision,
    max_value double precision,
    categories json,
    description text,
    is_archived boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE TABLE llm_comment (
    project_id uuid NOT NULL,
    id text NOT NULL,
    object_type text NOT NULL,
    object_id text NOT NULL,
    content text NOT NULL,
    author_user_id text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE INDEX llm_comment_by_time ON llm_comment (project_id, created_at, id);
CREATE INDEX llm_comment_by_object ON llm_comment (project_id, object_type, object_id);

-- The bytes are in the object store under their hash; a row is one content in one project.
CREATE TABLE llm_media (
    project_id uuid NOT NULL,
    id text NOT NULL,
    sha256 text NOT NULL,
    content_type text NOT NULL,
    content_length bigint NOT NULL,
    uploaded_at timestamptz,
    upload_status integer,
    upload_error text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);

-- owner_kind is trace, observation or dataset_item. trace_id is that of the first two.
CREATE TABLE llm_media_link (
    project_id uuid NOT NULL,
    media_id text NOT NULL,
    owner_kind text NOT NULL,
    owner_id text NOT NULL,
    field text NOT NULL,
    trace_id text,
    dataset_id text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, media_id, owner_kind, owner_id, field)
);

CREATE INDEX llm_media_link_by_trace ON llm_media_link (project_id, trace_id);

-- What a JSON object, kept as text, has under a key. JSON may hold texts that no PostgreSQL text can
-- (a NUL, half a surrogate pair): one such row must not fail every query that passes it.
CREATE FUNCTION llm_json_text(document text, wanted text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN document::json ->> wanted;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;

CREATE FUNCTION llm_json_number(document text, wanted text) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    IF json_typeof(document::json -> wanted) = 'number' THEN
        RETURN (document::json ->> wanted)::double precision;
    END IF;
    RETURN NULL;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;
