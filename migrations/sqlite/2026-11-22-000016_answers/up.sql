-- Conversations about documents.
CREATE TABLE document_thread (
    id blob PRIMARY KEY,
    project_id blob NOT NULL,
    title text NOT NULL,
    -- Which documents may answer.
    scope text NOT NULL,
    created_by text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE INDEX document_thread_by_change ON document_thread (project_id, updated_at, id);

CREATE TABLE document_answer (
    id blob PRIMARY KEY,
    thread_id blob NOT NULL REFERENCES document_thread (id) ON DELETE CASCADE,
    project_id blob NOT NULL,
    number integer NOT NULL,
    question text NOT NULL,
    outcome text NOT NULL,
    -- Sentences with their citations, and how they came about.
    body text NOT NULL,
    created_by text NOT NULL,
    created_at text NOT NULL,
    UNIQUE (thread_id, number)
);

-- The documents that an answer quotes: with one of them goes the answer.
CREATE TABLE document_answer_source (
    answer_id blob NOT NULL REFERENCES document_answer (id) ON DELETE CASCADE,
    document_id blob NOT NULL REFERENCES document_document (id) ON DELETE CASCADE,
    PRIMARY KEY (answer_id, document_id)
);

CREATE INDEX document_answer_source_by_document ON document_answer_source (document_id);
