//! Taking connections and answering on them, with the patience that axum's own server has without end: a client that is slow to
//! say what it wants, says it drop by drop, or does not take the answer must not hold a connection for ever.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::pace::Paced;

/// The most bytes of a request's first line and headers.
const MOST_HEAD: usize = 64 * 1024;

/// How much of each thing a listener grants its clients.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long the first line and headers of a request may take, from when the connection is there or the request before was
    /// answered: so long an idle connection is kept.
    pub head: Duration,
    /// How long nothing may come in the middle of a body.
    pub body: Duration,
    /// How long a client may let answers that are there wait, in all; every KiB that it takes gives it a second more.
    pub answer: Duration,
    /// How long requests under way may take once the server is to stop.
    pub end: Duration,
    /// How many connections there may be; more wait until one is over.
    pub connections: usize,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            head: Duration::from_secs(30),
            body: Duration::from_secs(30),
            answer: Duration::from_secs(30),
            end: Duration::from_secs(30),
            connections: 10_000,
        }
    }
}

/// Answers on every connection to `listener` until `stopping` says so, then lets the requests under way end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    patience: Patience,
    stopping: watch::Receiver<bool>,
) {
    let router = router.layer(RequestBodyTimeoutLayer::new(patience.body));
    let room = Arc::new(Semaphore::new(patience.connections));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let place = room.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        tokio::select! {
            (accepted, place) = accepted => match accepted {
                Ok((stream, peer)) => {
                    let connection = answer(stream, peer, router.clone(), patience, stopping.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, most likely: those that end give theirs back.
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            () = stop(stopping.clone()) => break,
        }
    }
    drop(listener);
    let all_end = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(patience.end, all_end).await.is_err() {
        tracing::warn!("some requests took too long to end and were cut off");
    }
}

/// Answers the requests of one connection, one after another.
async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    patience: Patience,
    stopping: watch::Receiver<bool>,
) {
    // Answers are written whole: waiting for more to send with them would only delay them.
    let _ = stream.set_nodelay(true);
    let stream = Paced::new(stream, patience.answer);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let mut connection = http1::Builder::new();
    connection.timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(MOST_HEAD);
    let mut connection = std::pin::pin!(connection.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        result = connection.as_mut() => Some(result),
        () = stop(stopping) => None,
    };
    let result = match ended {
        Some(result) => result,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        // Clients go away all the time.
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

/// Returns when the server is to stop, which it also is if nobody is left to say so.
async fn stop(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
