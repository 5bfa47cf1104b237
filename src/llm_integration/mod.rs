//! Models and what calling them means: the gateway to providers, the price table and the costs that
//! follow from it, traces and observations.
//!
//! [`Gateway`] passes calls on and hands each one's trace to the [`Recorder`], which returns when
//! it is committed. [`Prices`] holds what models cost, [`Traces`] reads what was recorded.
//! [`TraceWriter::run`] must run beside them, and drains after the last call has ended.

pub mod dialects;
pub mod embeddings;
mod error;
mod gateway;
mod http;
mod limits;
mod pricing;
pub mod providers;
pub mod routing;
mod scores;
mod settings;
mod surface;
mod traces;

pub use error::LlmError;
pub use gateway::{Answer, AnswerBody, Gateway, GatewayParts};
pub use http::routes;
pub use limits::{
    Actual, Amount, Estimate, KeyPolicy, Limit, LimitExceeded, LimitRule, LimitSubject, Limits,
    LimitsSettings, Measure, Reservation, Standing, Subject, SubjectKind, Window,
};
pub use pricing::{
    AnthropicUsage, AttributeCondition, AttributeSource, BedrockUsage, Class, Cost, GeminiUsage,
    ModelDefinition, ModelPattern, ModelPrice, NewPrice, OpenAiResponsesUsage, OpenAiUsage,
    Operator, PriceEntry, PriceId, PriceLine, PriceSource, PriceTable, PricedCall, Prices, Rates,
    Replaces, Tier, Usage, UsageCondition, UsagePattern, UsdPerMillion, Validity, When,
};
pub use providers::{
    AwsKeys, CallerHeaders, Connection, Connections, NamedProviderSettings, NewConnection,
    NewSecrets, NotAskable, NotPublic, ProviderKind, ProviderName, Providers, Tried,
};
pub use routing::{Route, RouteAlias, RouteEntry, Routes, StoredRoute};
pub use scores::{
    Category, DataType, NewScoreConfig, ReportedValue, Score, ScoreConfig, ScoreConfigChange,
    ScoreReport, ScoreSource, ScoreSubject, ScoreValue, Scores,
};
pub use settings::{GatewaySettings, ProviderSettings};
pub use surface::OPENAI;
pub use traces::{
    DEFAULT_ENVIRONMENT, FoundObservation, JsonText, Level, NotStored, Observation,
    ObservationFilter, ObservationId, ObservationKind, ObservationPosition, ObservationReport,
    ParentIs, Recorder, Report, Trace, TraceDetails, TraceFilter, TraceId, TracePage, TraceReport,
    TraceWriter, Traces,
};
