//! `serve`: answer until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::CommandError;
use crate::cli::Serve;
use crate::data::DataDir;
use crate::ending::Ending;
use crate::host::Host;
use crate::http::Limits;
use crate::{http, output, serve};

pub(super) fn run(args: &Serve) -> Result<(), CommandError> {
    let (relay, pool) = DataDir::at(&args.data.data).open()?;
    let host = Arc::new(Host::new(relay, pool));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(answer(args, host))
}

async fn answer(args: &Serve, host: Arc<Host>) -> Result<(), CommandError> {
    let shutdown = told(host.ending().clone())?;
    let (listener, address) = listen(args.listen).await?;
    let mut said = format!("listening http://{address}");
    let mut watching = None;
    if let Some(metrics) = args.metrics {
        let (listener, address) = listen(metrics).await?;
        said.push_str(&format!("\nmetrics http://{address}"));
        watching = Some(watch(http::watched(Arc::clone(&host)), listener));
    }
    output::line(&said)?;
    serve::launch(http::router(host, Limits::default()), listener, shutdown).await;
    // Whoever watches sees the end to its end.
    if let Some((stop, task)) = watching {
        drop(stop);
        drop(task.await);
    }
    tracing::info!("stopped");
    Ok(())
}

/// Done once a signal has told the relay to stop, and everybody has heard of it.
fn told(ending: Ending) -> Result<impl Future<Output = ()>, CommandError> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("ending");
        ending.begin();
    })
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), CommandError> {
    let failed = |error| CommandError::Listen { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Serves until the sender is dropped.
fn watch(router: Router, listener: TcpListener) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(serve::launch(router, listener, async { drop(stopped.await) }));
    (stop, task)
}
