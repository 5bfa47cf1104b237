//! Models and what calling them means: the gateway to providers, the price table and the costs that
//! follow from it, traces and observations.
//!
//! [`Gateway`] passes calls on and hands each one's trace to the [`Recorder`], which returns when
//! it is committed. [`Prices`] holds what models cost, [`Traces`] reads what was recorded.
//! [`TraceWriter::run`] must run beside them, and drains after the last call has ended.

mod analytics;
pub mod cache;
mod comments;
pub mod dialects;
pub mod embeddings;
mod error;
mod gateway;
pub mod guardrails;
mod http;
pub mod inference;
mod limits;
mod live;
mod media;
mod pricing;
pub mod providers;
mod query;
mod reading;
mod reconciliation;
pub mod reranking;
mod responses;
pub mod routing;
mod scores;
mod settings;
mod surface;
mod traces;

pub use analytics::{
    Aggregation, Analytics, Bucket, DEFAULT_BINS, DEFAULT_ROWS, DailyFigures, Granularity, Metric,
    ModelFigures, Report as AnalyticsReport, ReportOrder, ReportRow, ReportView,
};
pub use comments::{Comment, CommentFilter, CommentObject, Comments, NewComment};
pub use error::LlmError;
pub use gateway::{
    Answer, AnswerBody, Completion, CompletionLinks, CompletionRequest, Gateway, GatewayParts,
    Speaker, Turn,
};
pub use http::{MEDIA_TRANSFERS, routes};
pub use limits::{
    Actual, Amount, Estimate, HeaderNames, KeyPolicy, Limit, LimitExceeded, LimitId, LimitRule,
    LimitSubject, LimitUsage, Limits, LimitsSettings, Measure, Reservation, Standing, Subject,
    SubjectKind, WhenRedisIsDown, Window,
};
pub use live::{
    LiveTraces, Position, Seen, Tail, carry as carry_live_traces, publish as publish_live_traces,
};
pub use media::{
    Announced, ContentType, Download, Media, MediaField, MediaId, MediaLink, MediaOwner,
    MediaSettings, MediaStore, NewMedia, Sha256, UploadHead, UploadReport,
};
pub use pricing::{
    AnthropicUsage, AttributeCondition, AttributeSource, BYTES_PER_TOKEN, Class, Cost,
    ModelDefinition, ModelPattern, ModelPrice, NewPrice, OpenAiResponsesUsage, OpenAiUsage,
    Operator, PriceEntry, PriceId, PriceLine, PriceSource, PriceTable, PricedCall, Prices, Rates,
    Replaces, Tier, Usage, UsageCondition, UsagePattern, UsdPerMillion, Validity, When,
    estimate_input, estimate_output, estimate_text,
};
pub use providers::{
    AddressRules, AwsKeys, CallerHeaders, Connection, Connections, NamedProviderSettings,
    NewConnection, NewSecrets, NotAskable, NotPublic, ProviderKind, ProviderName, Providers, Tried,
};
pub use query::{
    ArrayTest, Column, ColumnKind, Compare, Filter, KeyTest, ObservationColumn, ScoreColumn, Test,
    TextTest, TraceColumn,
};
pub use reading::{
    Apart, FoundObservation, FoundTrace, Io, ObservationFilter, Order, Paged, SessionDetails,
    SessionFilter, SessionSummary, TraceDetails, TraceFilter, TraceList, Traces, UserSummary,
    Wanted,
};
pub use reconciliation::{
    Explanation, InvoiceFormat, LedgerCall, Reason, ReconciledLine, Reconciliation, Reconciliations,
};
pub use responses::StoredResponses;
pub use routing::{Route, RouteAlias, RouteEntry, Routes, StoredRoute};
pub use scores::{
    Category, DataType, NewScoreConfig, ReportedValue, Score, ScoreConfig, ScoreConfigChange,
    ScoreFilter, ScoreReport, ScoreSource, ScoreSubject, ScoreValue, Scores,
};
pub use settings::{GatewaySettings, ProviderSettings};
pub use surface::{ANTHROPIC, OPENAI};
pub use traces::{
    CallLedger, ChangedTraces, DEFAULT_ENVIRONMENT, JsonText, LedgerPosition, Level, NotStored,
    ObjectRef, ObservationId, ObservationKind, ObservationReport, Recorder, Report,
    TraceDurability, TraceId, TraceReport, TraceSettings, TraceWriter,
};
pub use traces::{RetentionChoice, Sink as TraceSink, TraceRetention};
