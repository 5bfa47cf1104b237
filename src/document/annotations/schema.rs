//! The table of annotations.

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    document_annotation (id) {
        id -> DbUuid,
        project_id -> DbUuid,
        document_id -> DbUuid,
        version_id -> DbUuid,
        page -> Integer,
        place -> DbJson,
        comment -> Text,
        color -> Text,
        created_by -> Text,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}
