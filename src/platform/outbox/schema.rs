//! Tables of the outbox.

use crate::platform::db::{DbInstant, DbJson, DbUuid};

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use super::{DbInstant, DbJson, DbUuid};

    platform_outbox (sequence) {
        sequence -> BigInt,
        id -> DbUuid,
        project_id -> DbUuid,
        aggregate -> Text,
        name -> Text,
        payload -> DbJson,
        occurred_at -> DbInstant,
        relayed_at -> Nullable<DbInstant>,
        entry -> Nullable<Text>,
        settled_at -> Nullable<DbInstant>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};

    platform_relay (name) {
        name -> Text,
        last_entry -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use super::{DbInstant, DbUuid};

    platform_handled_event (group_name, event_id) {
        group_name -> Text,
        event_id -> DbUuid,
        handled_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Text};
    use super::DbInstant;

    platform_delivery (group_name, sequence) {
        group_name -> Text,
        sequence -> BigInt,
        attempts -> Integer,
        due_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use super::{DbInstant, DbJson, DbUuid};

    platform_dead_event (group_name, event_id) {
        group_name -> Text,
        event_id -> DbUuid,
        project_id -> DbUuid,
        aggregate -> Text,
        name -> Text,
        payload -> DbJson,
        occurred_at -> DbInstant,
        attempts -> Integer,
        error -> Text,
        died_at -> DbInstant,
    }
}

diesel::joinable!(platform_delivery -> platform_outbox (sequence));
diesel::allow_tables_to_appear_in_same_query!(platform_delivery, platform_outbox);
