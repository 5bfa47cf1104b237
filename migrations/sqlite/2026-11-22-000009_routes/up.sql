-- What a project's calls to an alias become. `version` counts the changes of a route.
CREATE TABLE llm_route (
    project_id blob NOT NULL,
    alias text NOT NULL,
    version integer NOT NULL,
    route text NOT NULL,
    author text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    PRIMARY KEY (project_id, alias)
);
