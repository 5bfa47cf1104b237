-- Limits that projects set, policies of their keys, and what is set aside of limits that outlive a
-- process. Amounts of money are in units of 1e-9 US dollars.
CREATE TABLE llm_limit (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    subject_kind text NOT NULL,
    subject_value text NOT NULL,
    unit text NOT NULL,
    period text NOT NULL,
    amount bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (project_id, subject_kind, subject_value, unit, period)
);

CREATE TABLE llm_key_policy (
    project_id uuid NOT NULL,
    key_id uuid NOT NULL,
    policy json NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, key_id)
);

-- A row for each counter and window. set_aside is what was used, or may be used without asking
-- again; it never falls below what was used.
CREATE TABLE llm_allowance (
    project_id uuid NOT NULL,
    subject_kind text NOT NULL,
    subject_value text NOT NULL,
    unit text NOT NULL,
    period text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    set_aside bigint NOT NULL,
    PRIMARY KEY (project_id, subject_kind, subject_value, unit, period, starts_at)
);

CREATE INDEX llm_allowance_ended ON llm_allowance (ends_at) WHERE ends_at IS NOT NULL;
