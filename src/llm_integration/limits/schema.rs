//! The tables of limits. Private: no other module can join them.

use crate::platform::db::{DbInstant, DbJson, DbUuid};

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use super::{DbInstant, DbUuid};

    llm_limit (id) {
        id -> DbUuid,
        project_id -> DbUuid,
        subject_kind -> Text,
        subject_value -> Text,
        unit -> Text,
        period -> Text,
        amount -> BigInt,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}

diesel::table! {
    use super::{DbInstant, DbJson, DbUuid};

    llm_key_policy (project_id, key_id) {
        project_id -> DbUuid,
        key_id -> DbUuid,
        policy -> DbJson,
        updated_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use super::{DbInstant, DbUuid};

    llm_allowance (project_id, subject_kind, subject_value, unit, period, starts_at) {
        project_id -> DbUuid,
        subject_kind -> Text,
        subject_value -> Text,
        unit -> Text,
        period -> Text,
        starts_at -> DbInstant,
        ends_at -> Nullable<DbInstant>,
        set_aside -> BigInt,
    }
}
