//! Which endpoints there are.

use super::{
    cache, chat, embeddings, guardrails,
    limits::{policies, rules},
    media, messages, models, prices, providers, reading, reconciliation, rerank, responses,
    retention, routing, stored,
};
use crate::platform::http::Endpoints;

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(chat::complete)
        .service(embeddings::create)
        .service(rerank::create)
        .service(messages::create)
        .service(messages::count_tokens)
        .service(responses::create)
        .service(models::list)
        .service(models::get)
        .service(providers::list)
        .service(providers::get)
        .service(providers::put)
        .service(providers::delete)
        .service(providers::test)
        .service(rules::list)
        .service(rules::create)
        .service(rules::usage)
        .service(rules::get)
        .service(rules::put)
        .service(rules::delete)
        .service(policies::get)
        .service(policies::put)
        .service(policies::delete)
        .service(prices::list)
        .service(prices::put)
        .service(prices::delete)
        .service(routing::list)
        .service(routing::get)
        .service(routing::put)
        .service(routing::delete)
        .service(stored::get)
        .service(stored::delete)
        .service(stored::cancel)
        .service(stored::input_items)
        .service(cache::purge)
        .service(guardrails::list)
        .service(guardrails::create)
        .service(guardrails::try_text)
        .service(guardrails::get)
        .service(guardrails::replace)
        .service(guardrails::delete)
        .service(reconciliation::reconcile)
        .service(retention::get)
        .service(retention::put)
        .service(retention::delete_trace)
        .configure(media::routes)
        .configure(reading::routes);
}
