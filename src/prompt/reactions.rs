//! What this context does when events arrive: every replica forgets what it cached.

use super::{PromptChanged, Prompts};
use crate::platform::events::Subscriptions;

/// Adds the reactions of prompts to `subscriptions`.
#[must_use]
pub fn subscribe(subscriptions: Subscriptions, prompts: &Prompts) -> Subscriptions {
    let (changed, missed) = (prompts.clone(), prompts.clone());
    subscriptions
        .everywhere(move |event: PromptChanged| {
            changed.forget(event.project);
            async { Ok(()) }
        })
        .on_gap(move || {
            missed.forget_all();
            async {}
        })
}
