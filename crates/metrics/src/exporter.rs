//! The way figures leave the program.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE as CONTENT_TYPE_HEADER, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::family::Family;
use crate::text::{self, CONTENT_TYPE};

/// This machine alone.
pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Where the figures are.
const PATH: &str = "/metrics";

/// Whoever connects has said what he wants within this time: an agent on the same machine needs a thousandth of it.
const ASKED_WITHIN: Duration = Duration::from_secs(5);

/// Connections at a time: an agent, a person with a browser, and their next ones. Figures are not worth more of this machine.
const CONNECTIONS: usize = 4;

/// After the system refused a connection it is asked again no sooner: it is short of something.
const BREATH: Duration = Duration::from_millis(100);

/// Figures can't be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The port can't be had (configuration).
    #[error("figures can't be served at {address}: {source}: choose another port, or end what uses it")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// Serves figures until it is dropped.
#[derive(Debug)]
pub struct Exporter {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Exporter {
    /// Serves what `figures` gives at `http://ADDRESS:PORT/metrics`; a port of 0 is any. Must be called inside a tokio runtime.
    ///
    /// `figures` is called once for every request, on a thread of the runtime: it must not wait.
    pub fn open(
        address: IpAddr,
        port: u16,
        figures: impl Fn() -> Vec<Family> + Send + Sync + 'static,
    ) -> Result<Self, ExportError> {
        Self::open_for(address, port, figures, ASKED_WITHIN)
    }

    /// The same for readers who have so much time to ask.
    fn open_for(
        address: IpAddr,
        port: u16,
        figures: impl Fn() -> Vec<Family> + Send + Sync + 'static,
        asked_within: Duration,
    ) -> Result<Self, ExportError> {
        let address = SocketAddr::new(address, port);
        let listen = || {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            Ok((listener.local_addr()?, listener))
        };
        let (address, listener) = listen().map_err(|source| ExportError::Listen { address, source })?;
        let serving = tokio::spawn(serve(listener, Arc::new(figures), asked_within));
        Ok(Self { address, serving })
    }

    /// Where the figures are served.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What gives the figures.
type Figures = Arc<dyn Fn() -> Vec<Family> + Send + Sync>;

async fn serve(listener: TcpListener, figures: Figures, asked_within: Duration) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // Never closed, so there is always a place in the end.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let figures = Arc::clone(&figures);
                tokio::spawn(async move {
                    talk(stream, figures, asked_within).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!("a reader of figures could not connect: {error}");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// Answers one reader, and lets go of one that says nothing.
async fn talk(stream: TcpStream, figures: Figures, asked_within: Duration) {
    let service = service_fn(move |request| {
        let response = answer(&request, &figures);
        async { Ok::<_, Infallible>(response) }
    });
    let mut http = http1::Builder::new();
    // One answer for each connection: who is idle takes nobody's place.
    http.timer(TokioTimer::new()).header_read_timeout(asked_within).keep_alive(false);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!("a reader of figures left: {error}");
    }
}

fn answer(request: &Request<Incoming>, figures: &Figures) -> Response<Full<Bytes>> {
    let plain = |status, words: &'static str| {
        let mut response = Response::new(Full::from(words));
        *response.status_mut() = status;
        response
    };
    if request.uri().path() != PATH {
        return plain(StatusCode::NOT_FOUND, "the figures are at /metrics\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "figures can only be read\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match text::write(figures()) {
        Ok(text) => {
            let mut response = Response::new(Full::from(text));
            response.headers_mut().insert(CONTENT_TYPE_HEADER, HeaderValue::from_static(CONTENT_TYPE));
            response
        }
        Err(error) => {
            tracing::warn!("figures could not be written: {error}");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "the figures could not be written: see the program's log\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn ask(exporter: &Exporter, request: &str) -> String {
        let mut stream = TcpStream::connect(exporter.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    fn counting() -> Exporter {
        let asked = AtomicU64::new(0);
        let figures = move || {
            let times = asked.fetch_add(1, Ordering::Relaxed) + 1;
            vec![Family::counter("asked", "How often.", times as f64)]
        };
        Exporter::open(LOOPBACK, 0, figures).unwrap()
    }

    #[tokio::test]
    async fn every_reader_gets_the_figures_of_his_moment() {
        let exporter = counting();
        for times in ["1.0", "2.0", "3.0"] {
            let answer = ask(&exporter, "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            assert!(answer.contains("content-type: application/openmetrics-text"), "{answer}");
            assert!(answer.contains(&format!("\nfarprobe_asked_total {times}\n")), "{answer}");
        }
    }

    #[tokio::test]
    async fn whoever_asks_for_something_else_is_told_what_there_is() {
        let exporter = counting();
        for (request, status) in [
            ("GET / HTTP/1.1\r\nHost: here\r\n\r\n", "404"),
            ("POST /metrics HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n", "405"),
            ("\u{0} nonsense\r\n\r\n", "400"),
        ] {
            let answer = ask(&exporter, request).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request:?}: {answer}");
        }
        assert!(ask(&exporter, "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n").await.contains("asked_total 1.0"));
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_told_with_what_to_do() {
        let exporter = counting();
        let error = Exporter::open(LOOPBACK, exporter.address().port(), Vec::new).unwrap_err().to_string();
        assert!(error.contains("choose another port"), "{error}");
    }

    #[tokio::test]
    async fn readers_who_say_nothing_keep_nobody_out_for_long() {
        let exporter = Exporter::open_for(LOOPBACK, 0, Vec::new, Duration::from_millis(20)).unwrap();
        let mut silent = Vec::new();
        for _ in 0..2 * CONNECTIONS {
            silent.push(TcpStream::connect(exporter.address()).await.unwrap());
        }
        let answer = ask(&exporter, "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n").await;
        assert!(answer.ends_with("# EOF\n"), "{answer}");
    }
}
