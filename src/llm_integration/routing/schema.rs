//! The table of a project's own routes. Private: no other module can join it.

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    llm_route (project_id, alias) {
        project_id -> DbUuid,
        alias -> Text,
        version -> Integer,
        route -> DbJson,
        author -> Text,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}
