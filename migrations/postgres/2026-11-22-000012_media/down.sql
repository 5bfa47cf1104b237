DROP TABLE llm_media_link;

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

ALTER TABLE llm_media DROP COLUMN object_key;
