-- Where a content lies once it was uploaded, and whose it is: what refers to it from a trace or an
-- observation lies within the trace, what refers to it from an item within the dataset.
ALTER TABLE llm_media ADD COLUMN object_key text;

-- contract: no release has written to it.
DROP TABLE llm_media_link;

-- owner_kind is trace, observation or dataset_item.
CREATE TABLE llm_media_link (
    project_id blob NOT NULL,
    media_id text NOT NULL,
    owner_kind text NOT NULL,
    within_id text NOT NULL,
    owner_id text NOT NULL,
    field text NOT NULL,
    created_at text NOT NULL,
    PRIMARY KEY (project_id, media_id, owner_kind, within_id, owner_id, field)
);

CREATE INDEX llm_media_link_within ON llm_media_link (project_id, within_id);
