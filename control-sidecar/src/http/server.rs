//! Connections: accepted up to a cap, with time limits, and let go gracefully.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// A head or a TLS handshake that takes longer is an attack or a dead link.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
const HEAD_BYTES_MAX: usize = 32 << 10;
const HEADERS_MAX: usize = 64;

/// Requests under way get this long to finish when the server stops.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);

/// A connection's place among all that there may be. It is in each request's extensions: an event
/// socket outlives the HTTP on its connection and keeps the place.
#[derive(Clone, Debug)]
pub struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
}

#[derive(Debug)]
pub struct Server {
    router: Router,
    connections: Arc<Semaphore>,
}

impl Server {
    /// More connections than `connections_max` wait in the kernel's backlog.
    pub fn new(router: Router, connections_max: usize) -> Self {
        Self {
            router,
            connections: Arc::new(Semaphore::new(connections_max)),
        }
    }

    /// Serves until `stop` turns true, then lets requests under way finish.
    pub async fn serve(
        self,
        listeners: Vec<(TcpListener, Option<TlsAcceptor>)>,
        stop: watch::Receiver<bool>,
    ) {
        let server = Arc::new(self);
        let mut serving = JoinSet::new();
        for (listener, tls) in listeners {
            serving.spawn(Arc::clone(&server).listen(listener, tls, stop.clone()));
        }
        while serving.join_next().await.is_some() {}
    }

    async fn listen(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut open = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&listener) => accepted,
                () = told(&mut stop) => break,
                Some(_) = open.join_next() => continue,
            };
            let (stream, place) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: others must close first.
                    tracing::warn!(%error, "a connection was not accepted");
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (server, tls, stop) = (Arc::clone(&self), tls.clone(), stop.clone());
            open.spawn(async move {
                match tls {
                    None => server.converse(stream, place, stop).await,
                    Some(tls) => {
                        if let Ok(Ok(stream)) =
                            timeout(HANDSHAKE_TIME_MAX, tls.accept(stream)).await
                        {
                            server.converse(stream, place, stop).await;
                        }
                    }
                }
            });
        }
        drop(listener);
        // Those that do not finish in time are cut when the set is dropped.
        let drain = async { while open.join_next().await.is_some() {} };
        let _ = timeout(DRAIN_TIME_MAX, drain).await;
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, Place)> {
        let permit = Arc::clone(&self.connections)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let place = Place {
            _permit: Arc::new(permit),
        };
        Ok((stream, place))
    }

    async fn converse<S>(&self, stream: S, place: Place, mut stop: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let router = TowerToHyperService::new(self.router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(place.clone());
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        // What breaks a connection is the far side's affair.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = told(&mut stop) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// Waits for the word to stop. It gives the watch's guard back at once: held in the arm of a
/// `select!`, it would block the next `send`.
async fn told(stop: &mut watch::Receiver<bool>) {
    // An error is a server that has gone, which is stopping too.
    let _ = stop.wait_for(|stop| *stop).await;
}
