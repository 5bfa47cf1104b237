//! The tables of notes.

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    document_note (id) {
        id -> DbUuid,
        project_id -> DbUuid,
        kind -> Text,
        title -> Text,
        request -> DbJson,
        state -> Text,
        reason -> Nullable<Text>,
        latest -> Integer,
        job_id -> Nullable<DbUuid>,
        created_by -> Text,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    document_note_version (note_id, number) {
        note_id -> DbUuid,
        number -> Integer,
        origin -> Text,
        content -> DbJson,
        author -> Text,
        created_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::platform::db::DbUuid;

    document_note_source (note_id, document_id) {
        note_id -> DbUuid,
        document_id -> DbUuid,
        position -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::platform::db::{DbJson, DbUuid};

    document_note_part (note_id, job_id, position) {
        note_id -> DbUuid,
        job_id -> DbUuid,
        position -> Integer,
        part -> DbJson,
    }
}

diesel::allow_tables_to_appear_in_same_query!(document_note, document_note_source);
