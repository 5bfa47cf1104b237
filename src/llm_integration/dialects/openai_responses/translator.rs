//! The translator of the dialect: which file does what.

use bytes::Bytes;

use super::{answer_in, answer_out, request_in, request_out, stream_in, stream_out};
use crate::llm_integration::dialects::{
    ClientSide, DecodeEvents, EncodeContext, EncodeEvents, Encoded, Leniency, ProviderError,
    ProviderSide, Unreadable, Untranslatable,
    chat::{Answer, Request},
    openai_chat::errors,
};

pub(in crate::llm_integration::dialects) struct OpenAiResponses;

impl ClientSide for OpenAiResponses {
    fn decode_request(&self, body: &[u8]) -> Result<Request, Untranslatable> {
        request_in::decode(body)
    }

    fn encode_answer(&self, answer: &Answer, context: &EncodeContext) -> Bytes {
        answer_out::encode(answer, context)
    }

    fn event_encoder(&self, context: &EncodeContext) -> Box<dyn EncodeEvents + Send> {
        Box::new(stream_out::Encoder::new(context))
    }

    fn encode_error(&self, error: &ProviderError, _request_id: &str) -> (u16, Bytes) {
        errors::encode(error)
    }

    fn context(&self, request: &Request, id: &str, created: i64) -> EncodeContext {
        EncodeContext {
            id: id.to_owned(),
            model: request.model.clone(),
            created,
            stream_usage: true,
            echo: request_out::echo(request),
        }
    }
}

impl ProviderSide for OpenAiResponses {
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
