//! Listening: connections in, a graceful end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a request's headers may take to arrive.
const HEADER_TIME: Duration = Duration::from_secs(30);
/// How long requests under way may go on after the end was asked for.
pub const DRAIN_TIME: Duration = Duration::from_secs(10);
/// Connections held at once.
const CONNECTIONS_MAX: usize = 4_096;
/// Requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 16;
/// Pause after the system refused a connection, usually for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` on `listener` until `shutdown` is done; then takes no more connections and gives requests
/// under way [`DRAIN_TIME`].
///
/// Who connects from then on is refused by the system; a connection that stays open is closed with its next answer.
pub async fn launch(router: Router, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let builder = builder();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            accepted = accept(&listener, &room) => match accepted {
                Ok((stream, permit)) => hold(&builder, &graceful, router.clone(), stream, permit),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off");
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, permit))
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIME);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .keep_alive_interval(HEADER_TIME);
    builder
}

fn hold(
    builder: &auto::Builder<TokioExecutor>,
    graceful: &GracefulShutdown,
    router: Router,
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
) {
    let service = TowerToHyperService::new(router);
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(%error, "a connection ended early");
        }
        drop(permit);
    });
}
