//! The table of comments.

use crate::{
    llm_integration::traces::schema::llm_observation,
    platform::db::{DbInstant, DbUuid},
};

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

diesel::allow_tables_to_appear_in_same_query!(llm_comment, llm_observation,);
