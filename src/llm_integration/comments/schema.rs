//! The table of comments.

use crate::platform::db::{DbInstant, DbUuid};

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use super::{DbInstant, DbUuid};

    llm_comment (project_id, id) {
        project_id -> DbUuid,
        id -> Text,
        object_type -> Text,
        object_id -> Text,
        content -> Text,
        author_user_id -> Nullable<Text>,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}
