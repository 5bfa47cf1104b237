//! The tables of media: contents, and what refers to them.

use crate::{
    llm_integration::traces::schema::llm_trace_key,
    platform::db::{DbInstant, DbUuid},
};

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use super::{DbInstant, DbUuid};

    llm_media (project_id, id) {
        project_id -> DbUuid,
        id -> Text,
        sha256 -> Text,
        content_type -> Text,
        content_length -> BigInt,
        uploaded_at -> Nullable<DbInstant>,
        upload_status -> Nullable<Integer>,
        upload_error -> Nullable<Text>,
        created_at -> DbInstant,
        object_key -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use super::{DbInstant, DbUuid};

    llm_media_link (project_id, media_id, owner_kind, within_id, owner_id, field) {
        project_id -> DbUuid,
        media_id -> Text,
        owner_kind -> Text,
        within_id -> Text,
        owner_id -> Text,
        field -> Text,
        created_at -> DbInstant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(llm_media, llm_media_link, llm_trace_key,);
