//! The table of a project's own prices. Private: no other module can join it.

use crate::platform::db::{DbInstant, DbUuid};

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use super::{DbInstant, DbUuid};

    /// `price` and `definition` hold JSON as text.
    llm_model_price (project_id, id) {
        project_id -> DbUuid,
        id -> Text,
        model -> Text,
        valid_from -> Nullable<DbInstant>,
        valid_until -> Nullable<DbInstant>,
        price -> Text,
        definition -> Text,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}
