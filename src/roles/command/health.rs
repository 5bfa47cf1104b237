//! `app health`: the image's probe and its waiter, so that neither needs curl nor a shell.

use std::time::{Duration, Instant};

use tokio::time;

use crate::platform::http::ServerSettings;

const POLL: Duration = Duration::from_millis(50);
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the process on the configured port is ready, now or within `wait_for`.
pub(super) async fn probe(settings: &ServerSettings, wait_for: Option<Duration>) -> bool {
    let host = match settings.bind.as_str() {
        "0.0.0.0" => "127.0.0.1",
        "::" => "[::1]",
        host => host,
    };
    let url = format!("http://{host}:{}/health/ready", settings.port);
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(PROBE_TIMEOUT)
        .build();
    let Ok(client) = client else {
        return say(&url, "no HTTP client can be built");
    };
    let started = Instant::now();
    loop {
        let found = match client.get(&url).send().await {
            Ok(answer) if answer.status().is_success() => return true,
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(error) => error.without_url().to_string(),
        };
        if started.elapsed() >= wait_for.unwrap_or_default() {
            return say(&url, &found);
        }
        time::sleep(POLL).await;
    }
}

#[expect(clippy::print_stderr, reason = "the command's answer")]
fn say(url: &str, found: &str) -> bool {
    eprintln!("not ready: {url}: {found}");
    false
}
