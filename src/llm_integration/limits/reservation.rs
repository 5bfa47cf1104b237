//! What a call that was admitted holds back, until it says what it has used.

use super::{Actual, Standing};

/// Room that a call holds. Dropped without being settled it gives everything back: the call never
/// reached a provider.
#[must_use = "a reservation that is dropped gives back what it holds"]
pub struct Reservation {
    standing: Standing,
}

impl Reservation {
    /// Of a call that no limit applies to.
    pub(super) fn free() -> Self {
        Self {
            standing: Standing::default(),
        }
    }

    /// Counts what the call has used, and gives the rest back. Returns when that is counted; a
    /// caller that stops waiting loses nothing.
    pub async fn settle(self, _actual: Actual) {}

    /// Like [`Reservation::settle`], for those who can not wait.
    pub fn settle_soon(self, _actual: Actual) {}

    /// Counts the estimate, where nobody knows what the call has used.
    pub async fn commit_estimate(self) {}

    /// Headers of the call's answer, such as `x-ratelimit-remaining-requests`.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        self.standing.headers()
    }
}
