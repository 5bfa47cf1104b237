//! Our own logs, spans and metrics: human on a terminal, JSON otherwise, OTLP when an endpoint is set.

use std::{io::IsTerminal, sync::OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use serde::{Deserialize, Serialize};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use super::config::ConfigError;

/// Upper bounds of the request duration histogram, in seconds.
const DURATION_BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0,
];

/// Buckets of single metrics, as OpenTelemetry's conventions for generative AI have them.
const BUCKETS: &[(&str, &[f64])] = &[
    (
        "gen_ai_client_token_usage",
        &[
            1.0,
            4.0,
            16.0,
            64.0,
            256.0,
            1024.0,
            4096.0,
            16_384.0,
            65_536.0,
            262_144.0,
            1_048_576.0,
            4_194_304.0,
            16_777_216.0,
            67_108_864.0,
        ],
    ),
    (
        "gen_ai_client_operation_duration_seconds",
        &[
            0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
        ],
    ),
    (
        "gen_ai_client_operation_time_to_first_chunk_seconds",
        &[
            0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5,
            10.0,
        ],
    ),
    (
        "gen_ai_client_operation_time_per_output_chunk_seconds",
        &[
            0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5,
        ],
    ),
];

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    pub log: String,
    pub log_format: LogFormat,
    pub otlp_endpoint: String,
    pub service_name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Auto,
    Human,
    Json,
}

/// Keeps the exporter of spans alive; [`Telemetry::flush`] sends what it still holds.
#[derive(Default)]
pub struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Installs the process's one subscriber. Logs go to standard error.
    ///
    /// # Errors
    /// When the filter or the OTLP endpoint is not valid.
    pub fn install(settings: &TelemetrySettings) -> Result<Self, ConfigError> {
        let filter = EnvFilter::try_new(&settings.log).map_err(|error| {
            ConfigError::Rejected(format!("`telemetry.log` is not a filter: {error}"))
        })?;
        let json = match settings.log_format {
            LogFormat::Auto => !std::io::stderr().is_terminal(),
            LogFormat::Human => false,
            LogFormat::Json => true,
        };
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = if json {
            lines
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(true)
                .boxed()
        } else {
            lines.with_target(false).boxed()
        };
        let provider = span_exporter(settings)?;
        let spans = provider.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer(settings.service_name.clone()))
        });
        tracing_subscriber::registry()
            .with(filter)
            .with(lines)
            .with(spans)
            .try_init()
            .map_err(|error| {
                ConfigError::Rejected(format!("telemetry can not be installed: {error}"))
            })?;
        std::panic::set_hook(Box::new(log_panic));
        Ok(Self(provider))
    }

    /// Sends the spans that are still in memory. Blocking.
    pub fn flush(self) {
        if let Some(Err(error)) = self.0.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last spans could not be exported");
        }
    }
}

/// A panic is a log line like any other error, with where it happened.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    let message = panic.payload_as_str().unwrap_or("(no message)");
    tracing::error!(location, "panic: {message}");
}

fn span_exporter(settings: &TelemetrySettings) -> Result<Option<SdkTracerProvider>, ConfigError> {
    if settings.otlp_endpoint.is_empty() {
        return Ok(None);
    }
    let endpoint = format!("{}/v1/traces", settings.otlp_endpoint.trim_end_matches('/'));
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .build()
        .map_err(|error| {
            ConfigError::Rejected(format!("`telemetry.otlp_endpoint` is not usable: {error}"))
        })?;
    let resource = Resource::builder()
        .with_service_name(settings.service_name.clone())
        .build();
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    Ok(Some(
        SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build(),
    ))
}

/// The process's metrics, in Prometheus' text format.
///
/// # Panics
/// When another library has installed a recorder first.
pub fn prometheus() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(
            Matcher::Suffix("duration_seconds".to_owned()),
            DURATION_BUCKETS,
        );
        BUCKETS
            .iter()
            .fold(builder, |builder, (metric, buckets)| {
                let metric = Matcher::Full((*metric).to_owned());
                builder.and_then(|builder| builder.set_buckets_for_metric(metric, buckets))
            })
            .and_then(PrometheusBuilder::install_recorder)
            .expect("this is the only recorder of the process")
    })
}
