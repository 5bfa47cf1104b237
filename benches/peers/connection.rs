//! One kept-alive HTTP/1.1 connection that is opened again when the server closed it.

use std::{error::Error, net::SocketAddr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

pub type Failed = Box<dyn Error + Send + Sync>;

/// Where requests go, and with which headers.
#[derive(Clone)]
pub struct Target {
    address: SocketAddr,
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Target {
    /// `headers` are like `authorization: Bearer key`.
    pub async fn parse(url: &str, headers: &[String]) -> Result<Self, Failed> {
        let url = Url::parse(url)?;
        let host = url.host_str().ok_or("the address names no host")?;
        let port = url
            .port_or_known_default()
            .ok_or("the address names no port")?;
        let address = tokio::net::lookup_host((host, port)).await?.next();
        let mut parsed = vec![(HOST, HeaderValue::from_str(&format!("{host}:{port}"))?)];
        for header in headers {
            let (name, value) = header.split_once(':').ok_or("a header is `name: value`")?;
            parsed.push((name.trim().parse()?, HeaderValue::from_str(value.trim())?));
        }
        if !parsed.iter().any(|(name, _)| name == CONTENT_TYPE) {
            parsed.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        }
        Ok(Self {
            address: address.ok_or("the host has no address")?,
            path: url.path().to_owned(),
            headers: parsed,
        })
    }
}

pub struct Connection {
    target: Target,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    pub const fn new(target: Target) -> Self {
        Self { target, open: None }
    }

    /// Sends one POST; returns when the answer's head has come.
    pub async fn post(&mut self, body: Bytes) -> Result<Response<Incoming>, Failed> {
        let mut sender = match self.open.take() {
            Some(open) if !open.is_closed() => open,
            _ => self.connect().await?,
        };
        sender.ready().await?;
        let mut request = Request::post(self.target.path.as_str());
        for (name, value) in &self.target.headers {
            request = request.header(name, value);
        }
        let response = sender.send_request(request.body(Full::new(body))?).await?;
        self.open = Some(sender);
        Ok(response)
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Failed> {
        let stream = TcpStream::connect(self.target.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its end is seen by the next `ready`.
        tokio::spawn(connection);
        Ok(sender)
    }
}
