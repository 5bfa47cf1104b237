-- What a project does not let into a model, or out of one. `rule` holds JSON as text.
CREATE TABLE llm_guardrail (
    project_id blob NOT NULL,
    id blob NOT NULL,
    name text NOT NULL,
    rule text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE UNIQUE INDEX llm_guardrail_by_name ON llm_guardrail (project_id, name);
