//! Queries of scores and their configs.

mod configs;
mod deletion;
mod rows;
mod scores;

pub(super) use configs::{config, configs, configs_among, count_configs, put_config};
pub(in crate::llm_integration) use deletion::{
    delete_of_sessions, delete_of_traces, unheard_traces,
};
pub(super) use scores::{by_keys, delete, of_traces, put, score};
