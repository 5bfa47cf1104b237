//! Anthropic's dialect: stub.

use bytes::{Bytes, BytesMut};

use crate::llm_integration::dialects::{
    ClientSide, Completeness, DecodeEvents, EncodeContext, EncodeEvents, Encoded, ErrorKind, Frame,
    Leniency, ProviderError, ProviderSide, Unreadable, Untranslatable,
    chat::{Answer, Event, Request},
};

pub(in crate::llm_integration::dialects) struct Anthropic;

struct Stub;

impl ClientSide for Anthropic {
    fn decode_request(&self, _body: &[u8]) -> Result<Request, Untranslatable> {
        Err(Untranslatable::new("", "not spoken yet"))
    }
    fn encode_answer(&self, _answer: &Answer, _context: &EncodeContext) -> Bytes {
        Bytes::new()
    }
    fn event_encoder(&self, _context: &EncodeContext) -> Box<dyn EncodeEvents + Send> {
        Box::new(Stub)
    }
    fn encode_error(&self, error: &ProviderError, _request_id: &str) -> (u16, Bytes) {
        (error.status, Bytes::new())
    }
    fn context(&self, request: &Request, id: &str, created: i64) -> EncodeContext {
        EncodeContext {
            id: id.to_owned(),
            model: request.model.clone(),
            created,
            stream_usage: request.stream_usage,
            ..EncodeContext::default()
        }
    }
}

impl ProviderSide for Anthropic {
    fn encode_request(
        &self,
        _request: &Request,
        _leniency: Leniency,
    ) -> Result<Encoded, Untranslatable> {
        Err(Untranslatable::new("model", "not spoken yet"))
    }
    fn decode_answer(&self, _body: &[u8]) -> Result<Answer, Unreadable> {
        Err(Unreadable::new("not spoken yet"))
    }
    fn event_decoder(&self) -> Box<dyn DecodeEvents + Send> {
        Box::new(Stub)
    }
    fn decode_error(&self, status: u16, body: &[u8]) -> ProviderError {
        ProviderError::new(
            ErrorKind::of_status(status),
            status,
            String::from_utf8_lossy(body),
        )
    }
}

impl DecodeEvents for Stub {
    fn take(&mut self, _frame: Frame<'_>, _events: &mut Vec<Event>) -> Result<(), Unreadable> {
        Ok(())
    }
    fn finish(&mut self, _events: &mut Vec<Event>) -> Completeness {
        Completeness::Complete
    }
}

impl EncodeEvents for Stub {
    fn take(&mut self, _event: &Event, _out: &mut BytesMut) {}
    fn finish(&mut self, _out: &mut BytesMut) {}
}
