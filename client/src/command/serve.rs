//! `sambung serve`

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use sambung_api::Host;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::Place;
use crate::cli::Serve;
use crate::failure::Failure;
use crate::node::{Node, now, random};
use crate::regions::regions;
use crate::{agent, keeper, output};

/// Answers browsers on this machine and syncs in the background, until it is told to stop.
pub(crate) fn run(place: &Place, arguments: &Serve) -> Result<ExitCode, Failure> {
    let node = place.node_as_it_is()?;
    let background = place.node_as_it_is()?;
    keeper::start(place.node_as_it_is()?);
    let dir = place.dir()?.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| Failure::File { what: "the network runtime".to_owned(), source })?;
    runtime.block_on(async {
        let agent = agent::start(background, dir, arguments.sync_every)?;
        answer(node, arguments.listen).await?;
        agent.abort();
        Ok(ExitCode::SUCCESS)
    })
}

async fn answer(node: Node, address: SocketAddr) -> Result<(), Failure> {
    let failed = |source| Failure::File { what: format!("listening at {address}"), source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    output::line(&format!("listening http://{bound}"));
    let host = Host {
        staff: node.staff,
        replica: Arc::new(Mutex::new(node.replica)),
        now,
        random: random::<16>,
        regions,
        names: Arc::from(names(bound)),
    };
    axum::serve(listener, sambung_api::router(host)).with_graceful_shutdown(stopped()).await.map_err(failed)
}

/// The names under which this node is asked on purpose.
fn names(bound: SocketAddr) -> Vec<String> {
    vec![bound.to_string(), format!("localhost:{}", bound.port())]
}

async fn stopped() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
