-- What a project's calls to an alias become. `version` counts the changes of a route.
CREATE TABLE llm_route (
    project_id uuid NOT NULL,
    alias text NOT NULL,
    version integer NOT NULL,
    route json NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, alias)
);
