//! The tables of media: contents, and where they are referred to.

use crate::platform::db::{DbInstant, DbUuid};

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
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use super::{DbInstant, DbUuid};

    llm_media_link (project_id, media_id, owner_kind, owner_id, field) {
        project_id -> DbUuid,
        media_id -> Text,
        owner_kind -> Text,
        owner_id -> Text,
        field -> Text,
        trace_id -> Nullable<Text>,
        dataset_id -> Nullable<Text>,
        created_at -> DbInstant,
    }
}
