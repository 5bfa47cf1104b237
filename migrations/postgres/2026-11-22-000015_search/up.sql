-- The search index: chunks, posting lists, vectors, and how well searching works. Numbers of chunks count within an index.
CREATE EXTENSION IF NOT EXISTS vector;

-- A generation of a project's index. Another one is built beside it when its settings change.
CREATE TABLE document_index (
    number integer PRIMARY KEY,
    project_id uuid NOT NULL,
    -- How texts are cut and analysed.
    settings json NOT NULL,
    state text NOT NULL,
    -- Chunks that can be found, and their terms: what BM25 takes averages of.
    chunks bigint NOT NULL,
    tokens bigint NOT NULL,
    next_chunk integer NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX document_index_serving ON document_index (project_id) WHERE state = 'serving';
CREATE UNIQUE INDEX document_index_building ON document_index (project_id) WHERE state = 'building';

-- Which entry of a document can be found: the chunks of other entries are being written, or removed.
CREATE TABLE document_indexed (
    index_number integer NOT NULL,
    document_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    version_id uuid NOT NULL,
    -- Of the document, as the prefixes of these chunks say it.
    title text NOT NULL,
    -- How many of these chunks are still to get what a model writes about them.
    contexts_missing integer NOT NULL,
    PRIMARY KEY (index_number, document_id)
);

-- What a model wrote about chunks, by which they are found too. Kept apart from them: they are made anew more often than
-- the model has to be asked.
CREATE TABLE document_context (
    project_id uuid NOT NULL,
    document_id uuid NOT NULL,
    -- Who wrote it, and how the text was cut.
    way text NOT NULL,
    chunk_id uuid NOT NULL,
    version_id uuid NOT NULL,
    -- Absent where the model had nothing to say.
    text text,
    PRIMARY KEY (document_id, way, chunk_id)
);

CREATE INDEX document_context_by_way ON document_context (project_id, way);

CREATE TABLE document_chunk (
    index_number integer NOT NULL,
    number integer NOT NULL,
    id uuid NOT NULL,
    parent_id uuid,
    document_id uuid NOT NULL,
    version_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    ordinal integer NOT NULL,
    -- Headings, the outermost first.
    section json NOT NULL,
    -- Of the version's text, in characters.
    starts_at integer NOT NULL,
    ends_at integer NOT NULL,
    first_page integer NOT NULL,
    last_page integer NOT NULL,
    kind text NOT NULL,
    -- How many terms the index has of it; 0 of one that is only read, by way of its parts.
    tokens integer NOT NULL,
    prefix text,
    text text NOT NULL,
    PRIMARY KEY (index_number, number)
);

CREATE INDEX document_chunk_by_entry ON document_chunk (index_number, document_id, entry_id, number);
CREATE INDEX document_chunk_by_id ON document_chunk (index_number, id);

-- Where a term stands: seven bytes a chunk. Rows of one term are filled one after another; the one that is still
-- being filled has the block 2147483647, a full one that of its first chunk.
CREATE TABLE document_posting (
    index_number integer NOT NULL,
    term text COLLATE "C" NOT NULL,
    block integer NOT NULL,
    first_chunk integer NOT NULL,
    last_chunk integer NOT NULL,
    postings bytea NOT NULL,
    PRIMARY KEY (index_number, term, block)
) WITH (fillfactor = 70);

ALTER TABLE document_posting ALTER COLUMN postings SET STORAGE PLAIN;

-- The vectors that one model made of the chunks of an index.
CREATE TABLE document_space (
    number integer PRIMARY KEY,
    index_number integer NOT NULL,
    project_id uuid NOT NULL,
    model text COLLATE "C" NOT NULL,
    dimension integer NOT NULL,
    state text NOT NULL,
    -- Grows with every vector that comes or goes: a copy in memory is fresh while it has the same.
    changes bigint NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE INDEX document_space_by_index ON document_space (index_number, state);

-- A partition for each space, with an HNSW graph of its own: a search of one project never walks through another's.
CREATE TABLE document_vector (
    space_number integer NOT NULL,
    chunk_number integer NOT NULL,
    embedding halfvec NOT NULL,
    PRIMARY KEY (space_number, chunk_number)
) PARTITION BY LIST (space_number);

-- How a project's index is made and asked, as versions.
CREATE TABLE document_search_setting (
    project_id uuid NOT NULL,
    version integer NOT NULL,
    settings json NOT NULL,
    state text NOT NULL,
    note text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    PRIMARY KEY (project_id, version)
);

-- Queries of which is known what they should find.
CREATE TABLE document_search_query (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    text text NOT NULL,
    language text,
    -- {"document": id, "grade": 1 to 3}
    relevant json NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE INDEX document_search_query_by_time ON document_search_query (project_id, created_at, id);

-- Evaluations: all queries asked with one version of the settings.
CREATE TABLE document_search_run (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    setting_version integer NOT NULL,
    -- Averages, overall and by language.
    metrics json NOT NULL,
    -- Of each query.
    results json NOT NULL,
    -- Beside the settings that served at that time.
    comparison json,
    requested_by text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE INDEX document_search_run_by_time ON document_search_run (project_id, created_at, id);
