-- Notes that models and people write about documents.
CREATE TABLE document_note (
    id blob PRIMARY KEY,
    project_id blob NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    -- What was asked of the model.
    request text NOT NULL,
    state text NOT NULL,
    reason text,
    -- The number of the latest version; 0 before the first.
    latest integer NOT NULL,
    job_id blob,
    created_by text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE INDEX document_note_by_change ON document_note (project_id, updated_at, id);
-- Those that something is still to be done with.
CREATE INDEX document_note_in_writing ON document_note (updated_at) WHERE state = 'writing';

CREATE TABLE document_note_version (
    note_id blob NOT NULL REFERENCES document_note (id) ON DELETE CASCADE,
    number integer NOT NULL,
    origin text NOT NULL,
    -- Markdown, and the sentences with citations that it was made of.
    content text NOT NULL,
    author text NOT NULL,
    created_at text NOT NULL,
    PRIMARY KEY (note_id, number)
);

-- The documents that a note is about: with one of them goes the note.
CREATE TABLE document_note_source (
    note_id blob NOT NULL REFERENCES document_note (id) ON DELETE CASCADE,
    document_id blob NOT NULL REFERENCES document_document (id) ON DELETE CASCADE,
    position integer NOT NULL,
    PRIMARY KEY (note_id, document_id)
);

CREATE INDEX document_note_source_by_document ON document_note_source (document_id);

-- What was written of a note that is not complete: an attempt that goes on does not ask for it again.
CREATE TABLE document_note_part (
    note_id blob NOT NULL REFERENCES document_note (id) ON DELETE CASCADE,
    job_id blob NOT NULL,
    position integer NOT NULL,
    part text NOT NULL,
    PRIMARY KEY (note_id, job_id, position)
);

-- What people mark in a document, by a part of its text or a box on a page.
CREATE TABLE document_annotation (
    id blob PRIMARY KEY,
    project_id blob NOT NULL,
    document_id blob NOT NULL REFERENCES document_document (id) ON DELETE CASCADE,
    version_id blob NOT NULL REFERENCES document_version (id) ON DELETE CASCADE,
    page integer NOT NULL,
    -- The words and where they stand, or the box.
    place text NOT NULL,
    comment text NOT NULL,
    color text NOT NULL,
    created_by text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE INDEX document_annotation_by_place ON document_annotation (document_id, page, created_at, id);
