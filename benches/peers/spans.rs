//! Closed-loop OTLP load: each connection sends its next batch when the last one was answered.

use std::{
    collections::BTreeMap,
    io::Write,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::Args;
use flate2::{Compression, write::GzEncoder};
use http_body_util::BodyExt;
use kaname::kernel::Clock;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use serde_json::json;

use super::connection::{Connection, Failed, Target};

/// Spans of one trace: an agent with model calls below it.
const SPANS_OF_TRACE: usize = 10;
/// What a refused sender waits when it is not told.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Args)]
pub struct Spans {
    #[arg(long)]
    url: String,
    #[arg(long)]
    header: Vec<String>,
    #[arg(long)]
    seconds: f64,
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Spans of one request.
    #[arg(long, default_value_t = 100)]
    batch: usize,
}

#[derive(Default)]
struct Tally {
    accepted: u64,
    statuses: BTreeMap<String, u64>,
}

impl Spans {
    pub async fn run(mut self) -> Result<(), Failed> {
        self.header
            .push("content-type: application/x-protobuf".to_owned());
        self.header.push("content-encoding: gzip".to_owned());
        let target = Target::parse(&self.url, &self.header).await?;
        let begin = Instant::now();
        let end = begin + Duration::from_secs_f64(self.seconds);
        let senders: Vec<_> = (0..self.connections)
            .map(|_| tokio::spawn(send_until(Connection::new(target.clone()), self.batch, end)))
            .collect();
        let mut all = Tally::default();
        for sender in senders {
            let tally = sender.await?;
            all.accepted += tally.accepted;
            for (status, count) in tally.statuses {
                *all.statuses.entry(status).or_default() += count;
            }
        }
        let seconds = begin.elapsed().as_secs_f64();
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of one run are far below 2^53"
        )]
        let spans_per_second = all.accepted as f64 / seconds;
        println!(
            "{}",
            json!({
                "spans_per_second": spans_per_second, "accepted": all.accepted,
                "seconds": seconds, "requests_by_status": all.statuses,
            })
        );
        Ok(())
    }
}

async fn send_until(mut connection: Connection, batch: usize, end: Instant) -> Tally {
    let mut tally = Tally::default();
    while Instant::now() < end {
        let status = match send(&mut connection, batch).await {
            Ok(status) => status,
            Err(error) => error.to_string(),
        };
        if status.starts_with('2') {
            tally.accepted += batch as u64;
        } else {
            tokio::time::sleep(PAUSE).await;
        }
        *tally.statuses.entry(status).or_default() += 1;
    }
    tally
}

async fn send(connection: &mut Connection, batch: usize) -> Result<String, Failed> {
    let response = connection.post(body(batch)?).await?;
    let status = response.status().as_str().to_owned();
    response.into_body().collect().await?;
    Ok(status)
}

/// A new batch, gzipped: ids are never sent twice.
fn body(spans: usize) -> Result<Bytes, Failed> {
    let mut trace_id = rand::random::<[u8; 16]>();
    let mut root = Vec::new();
    let mut batch = Vec::with_capacity(spans);
    for number in 0..spans {
        if number % SPANS_OF_TRACE == 0 {
            trace_id = rand::random();
            root = Vec::new();
        }
        let span = span(&trace_id, &root)?;
        if root.is_empty() {
            root.clone_from(&span.span_id);
        }
        batch.push(span);
    }
    let scope_spans = vec![ScopeSpans {
        spans: batch,
        ..ScopeSpans::default()
    }];
    let resource_spans = vec![ResourceSpans {
        scope_spans,
        ..ResourceSpans::default()
    }];
    let request = ExportTraceServiceRequest { resource_spans };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&request.encode_to_vec())?;
    Ok(Bytes::from(gzip.finish()?))
}

/// A model call as instrumentations of OpenTelemetry's `GenAI` conventions report it.
fn span(trace_id: &[u8; 16], parent: &[u8]) -> Result<Span, Failed> {
    let now = Clock::system().now().unix_micros() * 1000;
    let now = u64::try_from(now)?;
    let text = |key: &str, value: &str| attribute(key, Value::StringValue(value.to_owned()));
    let number = |key: &str, value: i64| attribute(key, Value::IntValue(value));
    Ok(Span {
        trace_id: trace_id.to_vec(),
        span_id: rand::random::<[u8; 8]>().to_vec(),
        parent_span_id: parent.to_vec(),
        name: "chat gpt-4o-mini".to_owned(),
        kind: 3,
        start_time_unix_nano: now - 500_000_000,
        end_time_unix_nano: now,
        attributes: vec![
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.provider.name", "openai"),
            text("gen_ai.request.model", "gpt-4o-mini"),
            text("openinference.span.kind", "LLM"),
            number("gen_ai.usage.input_tokens", 64),
            number("gen_ai.usage.output_tokens", 21),
            text(
                "input.value",
                "Say in one sentence what the quick brown fox does, and to whom it does it.",
            ),
            text(
                "output.value",
                "The quick brown fox jumps over the lazy dog, as it always has.",
            ),
        ],
        ..Span::default()
    })
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
