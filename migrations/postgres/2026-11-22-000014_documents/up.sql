-- Documents, their versions, and what was read out of them. Texts sort by bytes (COLLATE "C"), as they do in SQLite.
CREATE TABLE document_document (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    title text COLLATE "C" NOT NULL,
    -- One name a line.
    authors text COLLATE "C" NOT NULL,
    year integer,
    doi text COLLATE "C",
    language text COLLATE "C",
    -- The fields that people set, by name, with spaces between: reading a file never changes them.
    edited text NOT NULL,
    -- `a/b`; empty at the root.
    folder text COLLATE "C" NOT NULL,
    latest integer NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE INDEX document_document_by_creation ON document_document (project_id, created_at, id);
CREATE INDEX document_document_by_change ON document_document (project_id, updated_at, id);
CREATE INDEX document_document_by_title ON document_document (project_id, title, id);
CREATE INDEX document_document_by_folder ON document_document (project_id, folder);

CREATE TABLE document_tag (
    document_id uuid NOT NULL REFERENCES document_document (id) ON DELETE CASCADE,
    tag text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    PRIMARY KEY (document_id, tag)
);

CREATE TABLE document_version (
    id uuid PRIMARY KEY,
    document_id uuid NOT NULL REFERENCES document_document (id) ON DELETE CASCADE,
    project_id uuid NOT NULL,
    number integer NOT NULL,
    file_name text COLLATE "C" NOT NULL,
    sha256 text COLLATE "C" NOT NULL,
    bytes bigint NOT NULL,
    kind text NOT NULL,
    -- Shared by the versions of a project that have the same bytes.
    object_key text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    reason text,
    page_count integer,
    pages_done integer NOT NULL,
    -- Of the text so far.
    characters bigint NOT NULL,
    -- What the file says of itself.
    metadata json NOT NULL,
    -- By which revision of the reader.
    reader integer NOT NULL,
    -- Attempts in a row that began at the same page.
    stalls integer NOT NULL,
    stalled_at integer,
    job_id uuid,
    uploaded_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    read_at timestamptz,
    indexed_at timestamptz,
    UNIQUE (document_id, number)
);

CREATE INDEX document_version_by_content ON document_version (project_id, sha256, bytes);
CREATE INDEX document_version_by_object ON document_version (object_key);
-- Those that something is still to be done with.
CREATE INDEX document_version_under_way ON document_version (state, updated_at)
    WHERE state IN ('uploaded', 'reading', 'read');

CREATE TABLE document_page (
    version_id uuid NOT NULL REFERENCES document_version (id) ON DELETE CASCADE,
    number integer NOT NULL,
    label text,
    width double precision,
    height double precision,
    source text NOT NULL,
    reason text NOT NULL,
    blocks json NOT NULL,
    -- The visible text, and where it begins in the version's, in characters.
    text text NOT NULL,
    start bigint NOT NULL,
    PRIMARY KEY (version_id, number)
);

-- Objects that are being written, or that no version has yet: what a killed process leaves is found here.
CREATE TABLE document_upload (
    object_key text COLLATE "C" PRIMARY KEY,
    project_id uuid NOT NULL,
    started_at timestamptz NOT NULL
);
