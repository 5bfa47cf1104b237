//! The tables of scores and their configs.

use crate::{
    llm_integration::traces::schema::llm_trace_key,
    platform::db::{DbInstant, DbJson, DbUuid},
};

diesel::table! {
    use diesel::sql_types::{Double, Nullable, Text};
    use super::{DbInstant, DbUuid};

    llm_score (project_id, id) {
        project_id -> DbUuid,
        id -> Text,
        trace_id -> Nullable<Text>,
        observation_id -> Nullable<Text>,
        session_id -> Nullable<Text>,
        dataset_run_id -> Nullable<Text>,
        name -> Text,
        data_type -> Text,
        value -> Nullable<Double>,
        string_value -> Nullable<Text>,
        source -> Text,
        comment -> Nullable<Text>,
        metadata -> Text,
        environment -> Text,
        config_id -> Nullable<Text>,
        queue_id -> Nullable<Text>,
        author_user_id -> Nullable<Text>,
        scored_at -> DbInstant,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Double, Nullable, Text};
    use super::{DbInstant, DbJson, DbUuid};

    llm_score_config (project_id, id) {
        project_id -> DbUuid,
        id -> Text,
        name -> Text,
        data_type -> Text,
        min_value -> Nullable<Double>,
        max_value -> Nullable<Double>,
        categories -> Nullable<DbJson>,
        description -> Nullable<Text>,
        is_archived -> Bool,
        created_at -> DbInstant,
        updated_at -> DbInstant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(llm_score, llm_trace_key);
