//! Who hears of what: joins each context's events to the reactions of others.

use crate::{
    platform::events::Subscriptions,
    prompt::{self, Prompts},
};

pub(super) fn all(prompts: &Prompts) -> Subscriptions {
    prompt::subscribe(Subscriptions::new(), prompts)
}
