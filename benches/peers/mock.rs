//! A provider in OpenAI's wire format that answers after a fixed time, whole or streamed.

use std::{convert::Infallible, net::Ipv4Addr, time::Duration};

use bytes::Bytes;
use clap::Args;
use futures::{StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    header::CONTENT_TYPE,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use super::{clock::Clock, connection::Failed};

const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog, as it has done in every benchmark before this one."},"finish_reason":"stop","logprobs":null}],"usage":{"prompt_tokens":64,"completion_tokens":21,"total_tokens":85}}"#;
const CHUNK: &str = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"},\"finish_reason\":null}]}\n\n";
const LAST: &str = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gpt-4o-mini\",\"choices\":[],\"usage\":{\"prompt_tokens\":64,\"completion_tokens\":32,\"total_tokens\":96}}\n\ndata: [DONE]\n\n";

type Body = UnsyncBoxBody<Bytes, Infallible>;

#[derive(Args, Clone, Copy)]
pub struct Mock {
    #[arg(long)]
    port: u16,
    /// From the request to the answer, or to its first chunk.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Chunks of a streamed answer.
    #[arg(long, default_value_t = 32)]
    chunks: usize,
    #[arg(long, default_value_t = 5)]
    chunk_interval_ms: u64,
}

impl Mock {
    pub async fn serve(self) -> Result<(), Failed> {
        let clock = Clock::start();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let clock = clock.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| self.answer(request, clock.clone()));
                // A client that goes away is no event here.
                let _gone = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }

    async fn answer(
        self,
        request: Request<Incoming>,
        clock: Clock,
    ) -> Result<Response<Body>, Failed> {
        let body = request.into_body().collect().await?.to_bytes();
        if self.latency_ms > 0 {
            clock.sleep(Duration::from_millis(self.latency_ms)).await;
        }
        let streams = [br#""stream":true"#.as_slice(), br#""stream": true"#]
            .into_iter()
            .any(|wanted| body.windows(wanted.len()).any(|window| window == wanted));
        let (kind, body) = if streams {
            ("text/event-stream", self.chunks(clock))
        } else {
            (
                "application/json",
                Full::new(Bytes::from_static(ANSWER.as_bytes())).boxed_unsync(),
            )
        };
        Ok(Response::builder().header(CONTENT_TYPE, kind).body(body)?)
    }

    fn chunks(self, clock: Clock) -> Body {
        let interval = Duration::from_millis(self.chunk_interval_ms);
        let chunks = stream::iter(0..=self.chunks).then(move |number| {
            let clock = clock.clone();
            async move {
                if number > 0 && !interval.is_zero() {
                    clock.sleep(interval).await;
                }
                let text = if number == self.chunks { LAST } else { CHUNK };
                Ok(Frame::data(Bytes::from_static(text.as_bytes())))
            }
        });
        BodyExt::boxed_unsync(StreamBody::new(chunks))
    }
}
