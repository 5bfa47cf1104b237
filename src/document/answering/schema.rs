//! The tables of threads and answers.

use diesel::{allow_tables_to_appear_in_same_query, joinable};

diesel::table! {
    use diesel::sql_types::Text;
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    document_thread (id) {
        id -> DbUuid,
        project_id -> DbUuid,
        title -> Text,
        scope -> DbJson,
        created_by -> Text,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    document_answer (id) {
        id -> DbUuid,
        thread_id -> DbUuid,
        project_id -> DbUuid,
        number -> Integer,
        question -> Text,
        outcome -> Text,
        body -> DbJson,
        created_by -> Text,
        created_at -> DbInstant,
    }
}

diesel::table! {
    use crate::platform::db::DbUuid;

    document_answer_source (answer_id, document_id) {
        answer_id -> DbUuid,
        document_id -> DbUuid,
    }
}

joinable!(document_answer_source -> document_answer (answer_id));
allow_tables_to_appear_in_same_query!(document_answer, document_answer_source);
