//! The translator of the dialect: which file does what.

use super::{answer_in, errors, request_out, stream_in};
use crate::llm_integration::dialects::{
    DecodeEvents, Encoded, Leniency, ProviderError, ProviderSide, Unreadable, Untranslatable,
    chat::{Answer, Request},
};

pub(in crate::llm_integration::dialects) struct Gemini;

impl ProviderSide for Gemini {
    fn encode_request(
        &self,
        request: &Request,
        leniency: Leniency,
    ) -> Result<Encoded, Untranslatable> {
        request_out::encode(request, leniency)
    }

    fn decode_answer(&self, body: &[u8]) -> Result<Answer, Unreadable> {
        answer_in::decode(body)
    }

    fn event_decoder(&self) -> Box<dyn DecodeEvents + Send> {
        Box::new(stream_in::Decoder::default())
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> ProviderError {
        errors::decode(status, body)
    }
}
