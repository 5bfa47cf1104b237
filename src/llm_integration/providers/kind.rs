//! The vendors whose APIs are known, and what each is called elsewhere.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Whose API a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    OpenAi,
    Anthropic,
    Azure,
    Gemini,
    Bedrock,
    /// Any server that speaks OpenAI's API.
    Compatible,
    Mistral,
    Groq,
    DeepSeek,
    OpenRouter,
    Vllm,
    Ollama,
    /// Models of this process. Nobody configures it: it is there where they are.
    #[serde(skip_deserializing)]
    Local,
}

impl ProviderKind {
    /// Those that can be configured.
    pub const ALL: [Self; 12] = [
        Self::OpenAi,
        Self::Anthropic,
        Self::Azure,
        Self::Gemini,
        Self::Bedrock,
        Self::Compatible,
        Self::Mistral,
        Self::Groq,
        Self::DeepSeek,
        Self::OpenRouter,
        Self::Vllm,
        Self::Ollama,
    ];

    /// In settings and in our API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Azure => "azure",
            Self::Gemini => "gemini",
            Self::Bedrock => "bedrock",
            Self::Compatible => "compatible",
            Self::Mistral => "mistral",
            Self::Groq => "groq",
            Self::DeepSeek => "deepseek",
            Self::OpenRouter => "openrouter",
            Self::Vllm => "vllm",
            Self::Ollama => "ollama",
            Self::Local => "local",
        }
    }

    /// `gen_ai.provider.name` of OpenTelemetry.
    pub const fn otel_name(self) -> &'static str {
        match self {
            Self::Azure => "azure.ai.openai",
            Self::Gemini => "gcp.gemini",
            Self::Bedrock => "aws.bedrock",
            Self::Mistral => "mistral_ai",
            other => other.name(),
        }
    }

    /// Names of models that are this vendor's wherever nothing else was configured for them.
    pub(super) const fn model_prefixes(self) -> &'static [&'static str] {
        match self {
            Self::OpenAi => &[
                "gpt-",
                "chatgpt-",
                "o1",
                "o3",
                "o4",
                "text-embedding-3",
                "text-embedding-ada",
                "omni-moderation",
            ],
            Self::Anthropic => &["claude"],
            Self::Gemini => &["gemini", "gemma", "text-embedding-00"],
            // Names like `anthropic.claude-...`, also with the geography of an inference profile.
            Self::Bedrock => &[
                "arn:aws",
                "amazon.",
                "anthropic.",
                "cohere.",
                "meta.",
                "mistral.",
                "us.",
                "eu.",
                "apac.",
                "jp.",
                "global.",
            ],
            Self::Mistral => &[
                "mistral-",
                "ministral-",
                "codestral-",
                "magistral-",
                "pixtral-",
            ],
            Self::DeepSeek => &["deepseek-"],
            Self::Azure
            | Self::Compatible
            | Self::Groq
            | Self::OpenRouter
            | Self::Vllm
            | Self::Ollama
            | Self::Local => &[],
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ProviderKind {
    type Err = String;

    /// The error lists every known kind.
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|kind| kind.name()).collect();
                format!("unknown kind `{name}`; known kinds: {}", known.join(", "))
            })
    }
}
