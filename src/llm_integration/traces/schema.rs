//! The tables of traces and observations. Private: no other module can join them.

use crate::platform::db::{DbInstant, DbJson, DbUuid};

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
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
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
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
    }
}

diesel::allow_tables_to_appear_in_same_query!(llm_trace, llm_observation);
