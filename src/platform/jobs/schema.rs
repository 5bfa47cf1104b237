//! The table of jobs.

use crate::platform::db::{DbInstant, DbJson, DbUuid};

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
    use super::{DbInstant, DbJson, DbUuid};

    platform_job (id) {
        id -> DbUuid,
        project_id -> Nullable<DbUuid>,
        kind -> Text,
        queue -> Text,
        payload -> DbJson,
        state -> Text,
        priority -> Integer,
        run_at -> DbInstant,
        attempts -> Integer,
        max_attempts -> Integer,
        unique_key -> Nullable<Text>,
        requested_by -> Text,
        created_at -> DbInstant,
        started_at -> Nullable<DbInstant>,
        ended_at -> Nullable<DbInstant>,
        lease -> Nullable<DbUuid>,
        worker -> Nullable<DbUuid>,
        heartbeat_at -> Nullable<DbInstant>,
        cancel_requested -> Bool,
        progress_done -> Nullable<BigInt>,
        progress_total -> Nullable<BigInt>,
        progress_message -> Nullable<Text>,
        error -> Nullable<Text>,
    }
}
