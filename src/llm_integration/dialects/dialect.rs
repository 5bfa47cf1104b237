//! The dialects there are, and the way to each one's translator.

use bytes::Bytes;

use super::{
    DecodeEvents, EncodeContext, EncodeEvents, Encoded, Leniency, ProviderError, Unreadable,
    Untranslatable, anthropic::Anthropic, bedrock::Bedrock, chat, gemini::Gemini,
    openai_chat::OpenAiChat, openai_responses::OpenAiResponses,
};

/// A wire format of chat. Providers speak all of them; clients reach us in OpenAI's and Anthropic's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    #[default]
    OpenAiChat,
    OpenAiResponses,
    Anthropic,
    Gemini,
    Bedrock,
}

/// What a dialect does with clients that speak it.
pub(super) trait ClientSide: Sync {
    fn decode_request(&self, body: &[u8]) -> Result<chat::Request, Untranslatable>;
    fn encode_answer(&self, answer: &chat::Answer, context: &EncodeContext) -> Bytes;
    fn event_encoder(&self, context: &EncodeContext) -> Box<dyn EncodeEvents + Send>;
    /// The status and the body.
    fn encode_error(&self, error: &ProviderError, request_id: &str) -> (u16, Bytes);
    /// What answers repeat of `request`.
    fn context(&self, request: &chat::Request, id: &str, created: i64) -> EncodeContext;
}

/// What a dialect does with providers that speak it.
pub(super) trait ProviderSide: Sync {
    fn encode_request(
        &self,
        request: &chat::Request,
        leniency: Leniency,
    ) -> Result<Encoded, Untranslatable>;
    fn decode_answer(&self, body: &[u8]) -> Result<chat::Answer, Unreadable>;
    fn event_decoder(&self) -> Box<dyn DecodeEvents + Send>;
    fn decode_error(&self, status: u16, body: &[u8]) -> ProviderError;
}

impl Dialect {
    pub const ALL: [Self; 5] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::Anthropic,
        Self::Gemini,
        Self::Bedrock,
    ];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "OpenAI's chat completions",
            Self::OpenAiResponses => "OpenAI's responses",
            Self::Anthropic => "Anthropic's messages",
            Self::Gemini => "Gemini's generateContent",
            Self::Bedrock => "Bedrock's converse",
        }
    }

    /// # Errors
    /// When the body is no request of this dialect; names the field.
    pub fn decode_request(self, body: &[u8]) -> Result<chat::Request, Untranslatable> {
        self.client_side().decode_request(body)
    }

    /// What an answer to `request` needs to know. `id` is made the answer's where the provider gives
    /// none; `created` are seconds since 1970.
    pub fn context(self, request: &chat::Request, id: &str, created: i64) -> EncodeContext {
        self.client_side().context(request, id, created)
    }

    pub fn encode_answer(self, answer: &chat::Answer, context: &EncodeContext) -> Bytes {
        self.client_side().encode_answer(answer, context)
    }

    pub fn event_encoder(self, context: &EncodeContext) -> Box<dyn EncodeEvents + Send> {
        self.client_side().event_encoder(context)
    }

    /// The status and the body that tell a client of this dialect of `error`.
    pub fn encode_error(self, error: &ProviderError, request_id: &str) -> (u16, Bytes) {
        self.client_side().encode_error(error, request_id)
    }

    /// # Errors
    /// What this dialect has no word for, unless `leniency` drops it.
    pub fn encode_request(
        self,
        request: &chat::Request,
        leniency: Leniency,
    ) -> Result<Encoded, Untranslatable> {
        self.provider_side().encode_request(request, leniency)
    }

    /// # Errors
    /// When the body is no answer of this dialect.
    pub fn decode_answer(self, body: &[u8]) -> Result<chat::Answer, Unreadable> {
        self.provider_side().decode_answer(body)
    }

    pub fn event_decoder(self) -> Box<dyn DecodeEvents + Send> {
        self.provider_side().event_decoder()
    }

    /// A body that is no error of this dialect gives one that its status and text describe.
    pub fn decode_error(self, status: u16, body: &[u8]) -> ProviderError {
        self.provider_side().decode_error(status, body)
    }

    /// Nobody speaks Gemini's or Bedrock's dialect to us; who would, is taken to speak OpenAI's.
    fn client_side(self) -> &'static dyn ClientSide {
        match self {
            Self::OpenAiChat | Self::Gemini | Self::Bedrock => &OpenAiChat,
            Self::OpenAiResponses => &OpenAiResponses,
            Self::Anthropic => &Anthropic,
        }
    }

    fn provider_side(self) -> &'static dyn ProviderSide {
        match self {
            Self::OpenAiChat => &OpenAiChat,
            Self::OpenAiResponses => &OpenAiResponses,
            Self::Anthropic => &Anthropic,
            Self::Gemini => &Gemini,
            Self::Bedrock => &Bedrock,
        }
    }
}
