-- Providers that projects connect themselves. sealed holds their secrets, encrypted for this row
-- alone; sealed_with names the master key, which is not in the database.
CREATE TABLE llm_provider (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    base_url text,
    details json NOT NULL,
    sealed bytea NOT NULL,
    sealed_with text NOT NULL,
    key_hint text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, name)
);
