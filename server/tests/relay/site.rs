//! A relay in this process, on a free port, in a directory of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use sambung_domain::Timestamp;
use sambung_relay::data::DataDir;
use sambung_relay::host::Host;
use sambung_relay::http::Limits;
use sambung_relay::keys::{KeyFile, Recovery};
use sambung_relay::store::{Pool, StoreError};
use sambung_relay::{clock, http, serve};
use sambung_sync::relay::{Invitation, RelayStore};
use sambung_trust::invitation::InvitationCode;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub(crate) struct Site {
    dir: tempfile::TempDir,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    pub(crate) fn start() -> Site {
        Site::of(&Recovery::generate("Uji", clock::now()).unwrap())
    }

    /// A relay with limits of the test's choice.
    pub(crate) fn limited(limits: Limits) -> Site {
        Site::with(&Recovery::generate("Uji", clock::now()).unwrap(), limits)
    }

    /// An empty relay with the identity of a recovery file.
    pub(crate) fn of(recovery: &Recovery) -> Site {
        Site::with(recovery, Limits::default())
    }

    fn with(recovery: &Recovery, limits: Limits) -> Site {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::at(&dir.path().join("data"));
        data.claim().unwrap();
        data.fill(recovery, "Uji").unwrap();
        let (relay, pool) = data.open().unwrap();
        let host = Arc::new(Host::new(relay, pool));
        let ending = host.ending().clone();
        let router = http::router(host, limits);
        let (stop, stopped) = oneshot::channel();
        let (tell, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let shutdown = async move {
                    drop(stopped.await);
                    ending.begin();
                };
                serve::launch(router, listener, shutdown).await;
            });
        });
        Site { dir, address: address.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn data(&self) -> DataDir {
        DataDir::at(&self.dir.path().join("data"))
    }

    /// An invitation code for a role and areas.
    pub(crate) fn invite(&self, role: &str, areas: &[&str]) -> String {
        self.invite_until(role, areas, clock::now().plus_ms(60_000))
    }

    pub(crate) fn invite_until(&self, role: &str, areas: &[&str], expires: Timestamp) -> String {
        invite(&self.data(), role, areas, expires)
    }
}

pub(crate) fn invite(data: &DataDir, role: &str, areas: &[&str], expires: Timestamp) -> String {
    invite_with(data, |hash| Invitation {
        hash,
        role: role.parse().unwrap(),
        areas: areas.iter().map(|area| area.parse().unwrap()).collect(),
        sets: Vec::new(),
        office: None,
        staff: Vec::new(),
        expires,
        used_by: None,
    })
}

/// The code of an invitation that is made of its hash.
pub(crate) fn invite_with(data: &DataDir, invitation: impl FnOnce([u8; 32]) -> Invitation) -> String {
    let root = KeyFile::read(&data.keys()).unwrap().root();
    let code = InvitationCode::new(clock::random().unwrap(), &root);
    let invitation = invitation(code.hash());
    let pool = Pool::open(&data.database()).unwrap();
    pool.write::<_, StoreError>(|store| store.put_invitation(&invitation)).unwrap();
    code.text()
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
