//! The table of guards. Private: no other module can join it.

use crate::platform::db::{DbInstant, DbUuid};

diesel::table! {
    use diesel::sql_types::Text;
    use super::{DbInstant, DbUuid};

    /// `rule` holds JSON as text.
    llm_guardrail (project_id, id) {
        project_id -> DbUuid,
        id -> DbUuid,
        name -> Text,
        rule -> Text,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}
