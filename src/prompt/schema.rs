//! The tables of this context. Private: no other context can join them.

use diesel::{allow_tables_to_appear_in_same_query, joinable};

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::platform::db::{DbInstant, DbUuid};

    prompt_prompt (id) {
        id -> DbUuid,
        project_id -> DbUuid,
        name -> Text,
        kind -> Text,
        latest -> Integer,
        last_number -> Integer,
        archived_at -> Nullable<DbInstant>,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    prompt_version (id) {
        id -> DbUuid,
        prompt_id -> DbUuid,
        number -> Integer,
        content -> DbJson,
        config -> DbJson,
        commit_message -> Nullable<Text>,
        author -> Text,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::platform::db::DbUuid;

    prompt_label (prompt_id, label) {
        prompt_id -> DbUuid,
        label -> Text,
        number -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::platform::db::DbUuid;

    prompt_tag (prompt_id, tag) {
        prompt_id -> DbUuid,
        tag -> Text,
        position -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::platform::db::DbUuid;

    prompt_reference (version_id, position) {
        version_id -> DbUuid,
        position -> Integer,
        project_id -> DbUuid,
        name -> Text,
        number -> Nullable<Integer>,
        label -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::platform::db::{DbInstant, DbUuid};

    prompt_protected_label (project_id, label) {
        project_id -> DbUuid,
        label -> Text,
        protected_by -> Text,
        created_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable};
    use crate::platform::db::{DbInstant, DbUuid};

    prompt_usage (version_id) {
        version_id -> DbUuid,
        fetches -> BigInt,
        last_fetched_at -> Nullable<DbInstant>,
    }
}

joinable!(prompt_version -> prompt_prompt (prompt_id));
joinable!(prompt_reference -> prompt_version (version_id));
joinable!(prompt_usage -> prompt_version (version_id));
allow_tables_to_appear_in_same_query!(
    prompt_prompt,
    prompt_version,
    prompt_label,
    prompt_tag,
    prompt_reference,
    prompt_usage
);
