-- Prompts, their versions and labels. Names sort by bytes (COLLATE "C"), as they do in SQLite.
CREATE TABLE prompt_prompt (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    latest integer NOT NULL,
    last_number integer NOT NULL,
    archived_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (project_id, name)
);

CREATE TABLE prompt_version (
    id uuid PRIMARY KEY,
    prompt_id uuid NOT NULL REFERENCES prompt_prompt (id) ON DELETE CASCADE,
    number integer NOT NULL,
    content json NOT NULL,
    config json NOT NULL,
    commit_message text,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (prompt_id, number)
);

-- The key makes a label unique across a prompt's versions. `latest` is not here: it follows from
-- prompt_prompt.latest.
CREATE TABLE prompt_label (
    prompt_id uuid NOT NULL,
    label text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    PRIMARY KEY (prompt_id, label),
    FOREIGN KEY (prompt_id, number) REFERENCES prompt_version (prompt_id, number) ON DELETE CASCADE
);

CREATE TABLE prompt_tag (
    prompt_id uuid NOT NULL REFERENCES prompt_prompt (id) ON DELETE CASCADE,
    tag text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    PRIMARY KEY (prompt_id, tag)
);

-- What a version refers to, by name: the prompt meant may change, and is looked up when read.
CREATE TABLE prompt_reference (
    version_id uuid NOT NULL REFERENCES prompt_version (id) ON DELETE CASCADE,
    position integer NOT NULL,
    project_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    number integer,
    label text COLLATE "C",
    PRIMARY KEY (version_id, position),
    CHECK ((number IS NULL) <> (label IS NULL))
);

CREATE INDEX prompt_reference_by_name ON prompt_reference (project_id, name);

CREATE TABLE prompt_protected_label (
    project_id uuid NOT NULL,
    label text COLLATE "C" NOT NULL,
    protected_by text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, label)
);

-- Apart from the version, which is never written again, because counters are.
CREATE TABLE prompt_usage (
    version_id uuid PRIMARY KEY REFERENCES prompt_version (id) ON DELETE CASCADE,
    fetches bigint NOT NULL,
    last_fetched_at timestamptz
);
