-- Which project got which response that a provider keeps: nobody else may ask for it.
CREATE TABLE llm_response (
    project_id uuid NOT NULL,
    id text NOT NULL,
    provider text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE INDEX llm_response_by_age ON llm_response (created_at);
