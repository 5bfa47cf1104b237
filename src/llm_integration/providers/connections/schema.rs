//! The table of projects' providers.

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    llm_provider (project_id, id) {
        project_id -> DbUuid,
        id -> DbUuid,
        name -> Text,
        kind -> Text,
        base_url -> Nullable<Text>,
        details -> DbJson,
        sealed -> Binary,
        sealed_with -> Text,
        key_hint -> Text,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}
