//! Bedrock's dialect: not spoken yet.

use super::{
    DecodeEvents, Encoded, ErrorKind, Leniency, ProviderError, ProviderSide, Unreadable,
    Untranslatable, chat, openai_chat::OpenAiChat,
};

pub(super) struct Bedrock;

impl ProviderSide for Bedrock {
    fn encode_request(
        &self,
        _request: &chat::Request,
        _leniency: Leniency,
    ) -> Result<Encoded, Untranslatable> {
        Err(Untranslatable::new(
            "model",
            "this provider's dialect is not spoken yet",
        ))
    }

    fn decode_answer(&self, _body: &[u8]) -> Result<chat::Answer, Unreadable> {
        Err(Unreadable::new("this dialect is not spoken yet"))
    }

    fn event_decoder(&self) -> Box<dyn DecodeEvents + Send> {
        OpenAiChat.event_decoder()
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> ProviderError {
        ProviderError::new(
            ErrorKind::of_status(status),
            status,
            String::from_utf8_lossy(body),
        )
    }
}
