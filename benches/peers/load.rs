//! Open-loop load: request `i` is due at `i / rate`, and its latency counts from then, whoever was late.

use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use hdrhistogram::Histogram;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::{sync::mpsc, time};

use super::{
    clock::Clock,
    connection::{Connection, Failed, Target},
};

/// Longest latency that is told apart, in microseconds.
const MAX_MICROS: u64 = 60_000_000;
/// Requests that may be due and not yet sent; beyond it the server has not kept up, and they count as missed.
const MAX_BACKLOG: usize = 2_000;
/// How long answers may take after the last request was due.
const GRACE: Duration = Duration::from_secs(5);

#[derive(Args)]
pub struct Load {
    #[arg(long)]
    url: String,
    /// `name: value`; can be given several times.
    #[arg(long)]
    header: Vec<String>,
    /// The body, as JSON.
    #[arg(long)]
    body: String,
    /// Requests a second.
    #[arg(long)]
    rate: f64,
    #[arg(long)]
    seconds: f64,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Requests of the first seconds, which are sent and not measured.
    #[arg(long, default_value_t = 1.0)]
    warmup_seconds: f64,
}

struct Tally {
    to_first_byte: Histogram<u64>,
    to_end: Histogram<u64>,
    ok: u64,
    failed: u64,
}

impl Tally {
    fn new() -> Result<Self, Failed> {
        Ok(Self {
            to_first_byte: Histogram::new_with_max(MAX_MICROS, 3)?,
            to_end: Histogram::new_with_max(MAX_MICROS, 3)?,
            ok: 0,
            failed: 0,
        })
    }

    fn add(&mut self, other: &Self) -> Result<(), Failed> {
        self.to_first_byte.add(&other.to_first_byte)?;
        self.to_end.add(&other.to_end)?;
        self.ok += other.ok;
        self.failed += other.failed;
        Ok(())
    }
}

impl Load {
    pub async fn run(self) -> Result<(), Failed> {
        let target = Target::parse(&self.url, &self.header).await?;
        let body = Bytes::from(self.body);
        let (due, queue) = mpsc::channel::<Due>(MAX_BACKLOG);
        let queue = std::sync::Arc::new(tokio::sync::Mutex::new(queue));
        let workers: Vec<_> = (0..self.connections)
            .map(|_| {
                let (connection, body) = (Connection::new(target.clone()), body.clone());
                tokio::spawn(work(connection, body, queue.clone()))
            })
            .collect();
        let total = self.seconds + self.warmup_seconds;
        let clock = Clock::start();
        let (begin, mut missed) = (Instant::now(), 0_u64);
        for number in 0_u32.. {
            let after = f64::from(number) / self.rate;
            if after >= total {
                break;
            }
            let at = begin + Duration::from_secs_f64(after);
            clock.until(at).await;
            let measured = after >= self.warmup_seconds;
            if due.try_send(Due { at, measured }).is_err() {
                missed += u64::from(measured);
            }
        }
        drop(due);
        let mut all = Tally::new()?;
        let end = Instant::now() + GRACE;
        for worker in workers {
            let abort = worker.abort_handle();
            match time::timeout_at(end.into(), worker).await {
                Ok(tally) => all.add(&tally??)?,
                Err(_) => abort.abort(),
            }
        }
        println!("{}", report(&all, self.rate * self.seconds, missed));
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Due {
    at: Instant,
    measured: bool,
}

type Queue = std::sync::Arc<tokio::sync::Mutex<mpsc::Receiver<Due>>>;

async fn work(mut connection: Connection, body: Bytes, queue: Queue) -> Result<Tally, Failed> {
    let mut tally = Tally::new()?;
    loop {
        let next = queue.lock().await.recv().await;
        let Some(Due { at, measured }) = next else {
            return Ok(tally);
        };
        let answered = answer(&mut connection, body.clone(), at).await;
        if !measured {
            continue;
        }
        match answered {
            Ok((first, end)) => {
                tally.ok += 1;
                tally.to_first_byte.saturating_record(first);
                tally.to_end.saturating_record(end);
            }
            Err(_) => tally.failed += 1,
        }
    }
}

/// Microseconds from when the request was due to the first byte of the answer's body, and to its end.
async fn answer(
    connection: &mut Connection,
    body: Bytes,
    due: Instant,
) -> Result<(u64, u64), Failed> {
    let response = connection.post(body).await?;
    let status = response.status();
    let mut body = response.into_body();
    let mut first = None;
    while let Some(frame) = body.frame().await {
        frame?;
        first.get_or_insert_with(|| due.elapsed());
    }
    let end = due.elapsed();
    if !status.is_success() {
        return Err(format!("status {status}").into());
    }
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(MAX_MICROS);
    Ok((micros(first.unwrap_or(end)), micros(end)))
}

fn report(tally: &Tally, wanted: f64, missed: u64) -> Value {
    let quantiles = |histogram: &Histogram<u64>| {
        json!({
            "p50": histogram.value_at_quantile(0.5), "p90": histogram.value_at_quantile(0.9),
            "p99": histogram.value_at_quantile(0.99), "max": histogram.max(),
        })
    };
    json!({
        "wanted": wanted, "ok": tally.ok, "failed": tally.failed, "missed": missed,
        "first_byte_us": quantiles(&tally.to_first_byte), "end_us": quantiles(&tally.to_end),
    })
}
