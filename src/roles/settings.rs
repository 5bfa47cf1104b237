//! The whole configuration: one section a module, and what the environment may say of it.

use serde::{Deserialize, Serialize};

use crate::{
    document::DocumentSettings,
    identity::IdentitySettings,
    interop::IngestSettings,
    llm_integration::{
        GatewaySettings, MediaSettings, TraceSettings, inference::InferenceSettings,
    },
    platform::{
        bus::EventSettings,
        config::{ConfigError, Environment, Loader, WellKnown},
        db::DatabaseSettings,
        http::ServerSettings,
        jobs::JobSettings,
        objects::ObjectSettings,
        redis::RedisSettings,
        storage::StorageSettings,
        telemetry::TelemetrySettings,
    },
    prompt::PromptSettings,
};

/// `config/default.toml`: every key, its default and its meaning.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// Settings that also come from `<VARIABLE>_FILE`, and that are shown masked.
const SECRETS: &[&str] = &[
    "database.url",
    "redis.url",
    "objects.access_key_id",
    "objects.secret_access_key",
    "identity.key_hash_secret",
    "identity.init.secret_key",
    "identity.init.user_password",
    "gateway.openai.api_key",
    "gateway.anthropic.api_key",
    "gateway.provider_key_secret",
    "gateway.provider_key_secret_previous",
    "gateway.providers.*.api_key",
    "gateway.providers.*.secret_access_key",
    "gateway.providers.*.session_token",
];

/// Tables whose keys are names that the operator gives.
const OPEN: &[&str] = &["gateway.providers", "gateway.routes"];

/// Names that other software has made well known.
const WELL_KNOWN: &[WellKnown] = &[
    ("DATABASE_URL", "database.url"),
    ("REDIS_URL", "redis.url"),
    ("OPENAI_API_KEY", "gateway.openai.api_key"),
    ("OPENAI_BASE_URL", "gateway.openai.base_url"),
    ("ANTHROPIC_API_KEY", "gateway.anthropic.api_key"),
    ("ANTHROPIC_BASE_URL", "gateway.anthropic.base_url"),
    ("GEMINI_API_KEY", "gateway.providers.gemini.api_key"),
    ("AZURE_OPENAI_API_KEY", "gateway.providers.azure.api_key"),
    ("AZURE_OPENAI_ENDPOINT", "gateway.providers.azure.base_url"),
    ("OPENAI_API_VERSION", "gateway.providers.azure.api_version"),
    (
        "AWS_BEARER_TOKEN_BEDROCK",
        "gateway.providers.bedrock.api_key",
    ),
    (
        "AWS_ACCESS_KEY_ID",
        "gateway.providers.bedrock.access_key_id",
    ),
    (
        "AWS_SECRET_ACCESS_KEY",
        "gateway.providers.bedrock.secret_access_key",
    ),
    (
        "AWS_SESSION_TOKEN",
        "gateway.providers.bedrock.session_token",
    ),
    ("AWS_REGION", "gateway.providers.bedrock.region"),
    ("MISTRAL_API_KEY", "gateway.providers.mistral.api_key"),
    ("GROQ_API_KEY", "gateway.providers.groq.api_key"),
    ("DEEPSEEK_API_KEY", "gateway.providers.deepseek.api_key"),
    ("OPENROUTER_API_KEY", "gateway.providers.openrouter.api_key"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "telemetry.otlp_endpoint"),
    ("LANGFUSE_INIT_ORG_ID", "identity.init.organization_id"),
    ("LANGFUSE_INIT_ORG_NAME", "identity.init.organization_name"),
    ("LANGFUSE_INIT_PROJECT_ID", "identity.init.project_id"),
    ("LANGFUSE_INIT_PROJECT_NAME", "identity.init.project_name"),
    (
        "LANGFUSE_INIT_PROJECT_PUBLIC_KEY",
        "identity.init.public_key",
    ),
    (
        "LANGFUSE_INIT_PROJECT_SECRET_KEY",
        "identity.init.secret_key",
    ),
    ("LANGFUSE_INIT_USER_EMAIL", "identity.init.user_email"),
    ("LANGFUSE_INIT_USER_NAME", "identity.init.user_name"),
    ("LANGFUSE_INIT_USER_PASSWORD", "identity.init.user_password"),
];

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub server: ServerSettings,
    pub database: DatabaseSettings,
    pub redis: RedisSettings,
    pub events: EventSettings,
    pub jobs: JobSettings,
    pub identity: IdentitySettings,
    pub prompts: PromptSettings,
    pub gateway: GatewaySettings,
    pub inference: InferenceSettings,
    pub ingest: IngestSettings,
    pub traces: TraceSettings,
    pub media: MediaSettings,
    pub storage: StorageSettings,
    pub objects: ObjectSettings,
    pub documents: DocumentSettings,
    pub telemetry: TelemetrySettings,
}

impl Settings {
    /// # Errors
    /// Names the setting, where it came from, and what would be right.
    pub fn load(profile: Option<&str>, environment: &Environment) -> Result<Self, ConfigError> {
        let loader = Loader {
            defaults: DEFAULTS,
            profile,
            environment,
            well_known: WELL_KNOWN,
            secrets: SECRETS,
            open: OPEN,
        };
        let settings: Self = loader.load()?;
        settings.validate()?;
        Ok(settings)
    }

    /// What no single value can tell.
    fn validate(&self) -> Result<(), ConfigError> {
        self.database.parsed_url()?;
        self.events.validate()?;
        self.jobs.validate()?;
        self.traces.validate()?;
        self.documents.validate()?;
        let positive = [
            ("server.max_in_flight", self.server.max_in_flight),
            ("server.max_connections", self.server.max_connections),
            ("server.body_limit_bytes", self.server.body_limit_bytes),
            (
                "ingest.otlp_body_limit_bytes",
                self.ingest.otlp_body_limit_bytes,
            ),
            ("ingest.memory_bytes", self.ingest.memory_bytes),
            ("media.size_limit_bytes", self.media.size_limit_bytes),
            (
                "inference.max_waiting_tokens",
                self.inference.max_waiting_tokens,
            ),
        ];
        match positive.into_iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => Err(ConfigError::Rejected(format!(
                "`{key}` must be greater than 0"
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_defaults_are_valid_and_every_special_key_exists() {
        let settings = Settings::load(None, &Environment::default()).unwrap();
        assert_eq!(
            (settings.server.bind.as_str(), settings.server.port),
            ("127.0.0.1", 8080)
        );
        for (variable, _) in WELL_KNOWN {
            let environment = Environment::from_pairs([(*variable, "sqlite:x")]);
            Settings::load(None, &environment).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "sqlite:x\n").unwrap();
        for key in SECRETS {
            let variable = format!("APP_{}_FILE", key.replace('.', "__").to_uppercase());
            let environment = Environment::from_pairs([(variable, file.to_str().unwrap())]);
            Settings::load(None, &environment).unwrap();
        }
    }

    #[test]
    fn shown_settings_hide_every_secret() {
        let secret = "sqlite:a-very-secret-value-of-many-characters";
        let pairs = SECRETS.iter().map(|key| {
            (
                format!("APP_{}", key.replace('.', "__").to_uppercase()),
                secret,
            )
        });
        let settings = Settings::load(None, &Environment::from_pairs(pairs)).unwrap();
        let shown = crate::platform::config::effective_toml(&settings).unwrap();
        assert!(!shown.contains("a-very-secret-value"), "{shown}");
        assert!(!format!("{settings:?}").contains("a-very-secret-value"));
    }
}
