-- What a project does not let into a model, or out of one. `rule` holds JSON as text.
CREATE TABLE llm_guardrail (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    rule text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE UNIQUE INDEX llm_guardrail_by_name ON llm_guardrail (project_id, name);
