//! Errors of handlers as text that is kept with a job or an event.

use std::error::Error;

use crate::kernel::error_chain;

/// What is kept of one error.
const MAX_CHARS: usize = 2_000;

/// An error with its causes, in a form that every database can store.
pub(in crate::platform) fn storable(error: &(dyn Error + 'static)) -> String {
    error_chain(error)
        .chars()
        .filter(|c| *c != '\0')
        .take(MAX_CHARS)
        .collect()
}
