-- Organisations, projects, users, memberships and API keys.
CREATE TABLE identity_organization (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE identity_project (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES identity_organization (id),
    name text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE identity_user (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    password_hash text,
    created_at timestamptz NOT NULL
);

CREATE TABLE identity_membership (
    project_id uuid NOT NULL REFERENCES identity_project (id),
    user_id uuid NOT NULL REFERENCES identity_user (id),
    role text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, user_id)
);

CREATE TABLE identity_api_key (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES identity_project (id),
    name text NOT NULL,
    public_key text NOT NULL UNIQUE,
    secret_hash bytea NOT NULL UNIQUE,
    secret_hint text NOT NULL,
    scopes json NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);

CREATE INDEX identity_api_key_by_project ON identity_api_key (project_id, id);
