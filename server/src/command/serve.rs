//! `serve`: answer until told to stop.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::CommandError;
use crate::cli::Serve;
use crate::data::DataDir;
use crate::host::Host;
use crate::http::Limits;
use crate::{http, output, serve};

pub(super) fn run(args: &Serve) -> Result<(), CommandError> {
    let (relay, pool) = DataDir::at(&args.data.data).open()?;
    let router = http::router(Arc::new(Host::new(relay, pool)), Limits::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let shutdown = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        let listen = |error| CommandError::Listen { address: args.listen, error };
        let listener = TcpListener::bind(args.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        output::line(&format!("listening http://{address}"))?;
        serve::launch(router, listener, shutdown).await;
        tracing::info!("stopped");
        Ok(())
    })
}
