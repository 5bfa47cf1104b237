-- Providers that projects connect themselves. sealed holds their secrets, encrypted for this row
-- alone; sealed_with names the master key, which is not in the database.
CREATE TABLE llm_provider (
    project_id blob NOT NULL,
    id blob NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    base_url text,
    details text NOT NULL,
    sealed blob NOT NULL,
    sealed_with text NOT NULL,
    key_hint text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, name)
);
