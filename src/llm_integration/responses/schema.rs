//! The table of responses that providers keep. Private: no other module can join it.

diesel::table! {
    use diesel::sql_types::Text;
    use crate::platform::db::{DbInstant, DbUuid};

    llm_response (project_id, id) {
        project_id -> DbUuid,
        id -> Text,
        provider -> Text,
        created_at -> DbInstant,
    }
}
