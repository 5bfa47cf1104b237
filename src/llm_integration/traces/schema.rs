//! The tables of traces and observations. Private: no other module can join them.
//!
//! `llm_trace` and `llm_observation` are partitioned by the UTC day of `started_at` on PostgreSQL: a
//! query that bounds `started_at` looks at few partitions. What is looked up by id alone finds the
//! days to look at in `llm_trace_key`, which is one small row a trace.

use crate::platform::db::{DbInstant, DbJson, DbUuid};

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use super::{DbInstant, DbJson, DbUuid};

    llm_trace (project_id, id) {
        project_id -> DbUuid,
        id -> Text,
        started_at -> DbInstant,
        name -> Nullable<Text>,
        user_id -> Nullable<Text>,
        session_id -> Nullable<Text>,
        release -> Nullable<Text>,
        version -> Nullable<Text>,
        environment -> Text,
        public -> Bool,
        tags -> DbJson,
        metadata -> Text,
        input -> Nullable<Text>,
        output -> Nullable<Text>,
        created_at -> DbInstant,
        updated_at -> DbInstant,
        bookmarked -> Bool,
        ended_at -> Nullable<DbInstant>,
        latency_ms -> Nullable<BigInt>,
        observation_count -> BigInt,
        error_count -> BigInt,
        total_tokens -> BigInt,
        total_cost -> Nullable<BigInt>,
        state -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
    use super::{DbInstant, DbJson, DbUuid};

    llm_observation (project_id, id) {
        project_id -> DbUuid,
        id -> Text,
        trace_id -> Text,
        parent_id -> Nullable<Text>,
        kind -> Text,
        name -> Nullable<Text>,
        started_at -> DbInstant,
        ended_at -> Nullable<DbInstant>,
        completion_started_at -> Nullable<DbInstant>,
        level -> Text,
        status_message -> Nullable<Text>,
        environment -> Text,
        version -> Nullable<Text>,
        model -> Nullable<Text>,
        model_parameters -> Text,
        prompt_name -> Nullable<Text>,
        prompt_version -> Nullable<Integer>,
        usage_details -> DbJson,
        cost_details -> DbJson,
        total_cost -> Nullable<BigInt>,
        metadata -> Text,
        input -> Nullable<Text>,
        output -> Nullable<Text>,
        created_at -> DbInstant,
        updated_at -> DbInstant,
        total_tokens -> BigInt,
        usage_estimated -> Bool,
        latency_ms -> Nullable<BigInt>,
        time_to_first_token_ms -> Nullable<BigInt>,
        experiment_id -> Nullable<Text>,
        experiment_item_id -> Nullable<Text>,
        state -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use super::{DbInstant, DbUuid};

    llm_trace_key (project_id, id) {
        project_id -> DbUuid,
        id -> Text,
        started_at -> DbInstant,
        first_observed_at -> Nullable<DbInstant>,
        last_observed_at -> Nullable<DbInstant>,
        deleted_at -> Nullable<DbInstant>,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Text};
    use super::{DbInstant, DbUuid};

    llm_session (project_id, id) {
        project_id -> DbUuid,
        id -> Text,
        created_at -> DbInstant,
        environment -> Text,
        bookmarked -> Bool,
        public -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use super::{DbInstant, DbUuid};

    llm_retention (project_id) {
        project_id -> DbUuid,
        days -> Integer,
        updated_at -> DbInstant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    llm_trace,
    llm_observation,
    llm_trace_key,
    llm_session,
    llm_retention,
);
