//! Every endpoint of Langfuse's API that we answer.

use super::{
    comments, daily, ingestion, llm_connections, media, metrics, models, observations, project,
    prompts, score_configs, scores, sessions, traces,
};
use crate::platform::http::Endpoints;

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .configure(project::routes)
        .configure(prompts::routes)
        .configure(models::routes)
        .configure(traces::routes)
        .configure(llm_connections::routes)
        .configure(observations::routes)
        .configure(scores::routes)
        .configure(score_configs::routes)
        .configure(sessions::routes)
        .configure(comments::routes)
        .configure(daily::routes)
        .configure(media::routes)
        .configure(metrics::routes)
        .configure(ingestion::routes);
}
