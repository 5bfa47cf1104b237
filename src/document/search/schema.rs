//! The tables of the index and of its evaluation.

use diesel::allow_tables_to_appear_in_same_query;

use crate::document::schema::document_document;

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    document_index (number) {
        number -> Integer,
        project_id -> DbUuid,
        settings -> DbJson,
        state -> Text,
        chunks -> BigInt,
        tokens -> BigInt,
        next_chunk -> Integer,
        created_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::platform::db::DbUuid;

    document_indexed (index_number, document_id) {
        index_number -> Integer,
        document_id -> DbUuid,
        entry_id -> DbUuid,
        version_id -> DbUuid,
        title -> Text,
        contexts_missing -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::platform::db::DbUuid;

    document_context (document_id, way, chunk_id) {
        project_id -> DbUuid,
        document_id -> DbUuid,
        way -> Text,
        chunk_id -> DbUuid,
        version_id -> DbUuid,
        text -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::platform::db::{DbJson, DbUuid};

    document_chunk (index_number, number) {
        index_number -> Integer,
        number -> Integer,
        id -> DbUuid,
        parent_id -> Nullable<DbUuid>,
        document_id -> DbUuid,
        version_id -> DbUuid,
        entry_id -> DbUuid,
        ordinal -> Integer,
        section -> DbJson,
        starts_at -> Integer,
        ends_at -> Integer,
        first_page -> Integer,
        last_page -> Integer,
        kind -> Text,
        tokens -> Integer,
        prefix -> Nullable<Text>,
        text -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer, Text};

    document_posting (index_number, term, block) {
        index_number -> Integer,
        term -> Text,
        block -> Integer,
        first_chunk -> Integer,
        last_chunk -> Integer,
        postings -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Text};
    use crate::platform::db::{DbInstant, DbUuid};

    document_space (number) {
        number -> Integer,
        index_number -> Integer,
        project_id -> DbUuid,
        model -> Text,
        dimension -> Integer,
        state -> Text,
        changes -> BigInt,
        created_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer};

    document_vector (space_number, chunk_number) {
        space_number -> Integer,
        chunk_number -> Integer,
        embedding -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    document_search_setting (project_id, version) {
        project_id -> DbUuid,
        version -> Integer,
        settings -> DbJson,
        state -> Text,
        note -> Text,
        created_by -> Text,
        created_at -> DbInstant,
        decided_at -> Nullable<DbInstant>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    document_search_query (id) {
        id -> DbUuid,
        project_id -> DbUuid,
        text -> Text,
        language -> Nullable<Text>,
        relevant -> DbJson,
        created_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    document_search_run (id) {
        id -> DbUuid,
        project_id -> DbUuid,
        setting_version -> Integer,
        metrics -> DbJson,
        results -> DbJson,
        comparison -> Nullable<DbJson>,
        requested_by -> Text,
        created_at -> DbInstant,
    }
}

allow_tables_to_appear_in_same_query!(document_chunk, document_vector);
allow_tables_to_appear_in_same_query!(document_chunk, document_document);
allow_tables_to_appear_in_same_query!(document_indexed, document_document);
