//! The tables of this context. Private: no other context can join them.

use diesel::{allow_tables_to_appear_in_same_query, joinable};

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::platform::db::{DbInstant, DbUuid};

    document_document (id) {
        id -> DbUuid,
        project_id -> DbUuid,
        title -> Text,
        authors -> Text,
        year -> Nullable<Integer>,
        doi -> Nullable<Text>,
        language -> Nullable<Text>,
        edited -> Text,
        folder -> Text,
        latest -> Integer,
        created_by -> Text,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::platform::db::DbUuid;

    document_tag (document_id, tag) {
        document_id -> DbUuid,
        tag -> Text,
        position -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    document_version (id) {
        id -> DbUuid,
        document_id -> DbUuid,
        project_id -> DbUuid,
        number -> Integer,
        file_name -> Text,
        sha256 -> Text,
        bytes -> BigInt,
        kind -> Text,
        object_key -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        page_count -> Nullable<Integer>,
        pages_done -> Integer,
        characters -> BigInt,
        metadata -> DbJson,
        reader -> Integer,
        stalls -> Integer,
        stalled_at -> Nullable<Integer>,
        job_id -> Nullable<DbUuid>,
        uploaded_by -> Text,
        created_at -> DbInstant,
        updated_at -> DbInstant,
        read_at -> Nullable<DbInstant>,
        indexed_at -> Nullable<DbInstant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text};
    use crate::platform::db::{DbJson, DbUuid};

    document_page (version_id, number) {
        version_id -> DbUuid,
        number -> Integer,
        label -> Nullable<Text>,
        width -> Nullable<Double>,
        height -> Nullable<Double>,
        source -> Text,
        reason -> Text,
        blocks -> DbJson,
        text -> Text,
        start -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::platform::db::{DbInstant, DbUuid};

    document_upload (object_key) {
        object_key -> Text,
        project_id -> DbUuid,
        started_at -> DbInstant,
    }
}

joinable!(document_version -> document_document (document_id));
joinable!(document_page -> document_version (version_id));
allow_tables_to_appear_in_same_query!(
    document_document,
    document_version,
    document_tag,
    document_page
);
