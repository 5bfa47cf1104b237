//! An error and its causes as one line, for whoever keeps or shows it.

use std::error::Error;

/// `error: its cause: the cause of that`, outermost first.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut chain = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        chain = format!("{chain}: {cause}");
        next = cause.source();
    }
    chain
}
