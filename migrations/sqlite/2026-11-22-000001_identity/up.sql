-- Organisations, projects, users, memberships and API keys.
CREATE TABLE identity_organization (
    id blob PRIMARY KEY,
    name text NOT NULL,
    created_at text NOT NULL
);

CREATE TABLE identity_project (
    id blob PRIMARY KEY,
    organization_id blob NOT NULL REFERENCES identity_organization (id),
    name text NOT NULL,
    created_at text NOT NULL
);

CREATE TABLE identity_user (
    id blob PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    password_hash text,
    created_at text NOT NULL
);

CREATE TABLE identity_membership (
    project_id blob NOT NULL REFERENCES identity_project (id),
    user_id blob NOT NULL REFERENCES identity_user (id),
    role text NOT NULL,
    created_at text NOT NULL,
    PRIMARY KEY (project_id, user_id)
);

CREATE TABLE identity_api_key (
    id blob PRIMARY KEY,
    project_id blob NOT NULL REFERENCES identity_project (id),
    name text NOT NULL,
    public_key text NOT NULL UNIQUE,
    secret_hash blob NOT NULL UNIQUE,
    secret_hint text NOT NULL,
    scopes text NOT NULL,
    created_at text NOT NULL,
    expires_at text,
    last_used_at text,
    revoked_at text
);

CREATE INDEX identity_api_key_by_project ON identity_api_key (project_id, id);
