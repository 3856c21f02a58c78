//! The network side of enrolment and exchange.

use std::path::Path;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use sambung_domain::hex::hex;
use sambung_replica::exchange::{Session, Step, SyncError, SyncReport};
use sambung_replica::{DatabaseKey, Enrolment, Identity, Replica};
use sambung_sync::frame::{MEDIA_TYPE, unpack};
use sambung_sync::limits::BODY_MAX;
use sambung_sync::message::{Hello, Refusal};
use sambung_trust::PublicKey;

use crate::failure::Failure;
use crate::node::{Node, now, random};

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(20);
/// How long a line may be silent: slow lines stall for many seconds and go on.
const SILENCE: Duration = Duration::from_secs(60);

/// A connection to a relay.
#[derive(Clone)]
pub(crate) struct RelayClient {
    client: Client,
    base: String,
}

impl RelayClient {
    /// A client for the relay at an address.
    pub(crate) fn new(base: &str) -> Result<Self, Failure> {
        if !(base.starts_with("http://") || base.starts_with("https://")) {
            return Err(Failure::Usage(format!(
                "`{base}` is no address of a relay; it begins with https://"
            )));
        }
        // Installing twice is refused, and the first provider stays: nothing to do about it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            // A relay sends nobody elsewhere; who does is a captive portal, and is not followed.
            .redirect(Policy::none())
            .user_agent(concat!("sambung/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::Configuration(error.to_string()))?;
        Ok(RelayClient { client, base: base.trim_end_matches('/').to_owned() })
    }

    /// Enrols a device: hello, then the request.
    pub(crate) async fn enrol(
        &self,
        code: &str,
        name: &str,
        database: &Path,
        key: &DatabaseKey,
    ) -> Result<Identity, Failure> {
        let (status, hello) = self.hello().await?;
        if status != 200 {
            return Err(refusal(&hello));
        }
        let enrolment = Enrolment::begin(&hello, &self.base, code, name, &random(), random())?;
        let (status, answer) = self.post("enrol", enrolment.request()).await?;
        if status != 200 {
            return Err(refusal(&answer));
        }
        Ok(enrolment.finish(&answer, database, key)?)
    }

    /// One sync to its end. What came sealed and needs nobody to open it becomes records, which are sent at once.
    pub(crate) async fn sync(&self, node: &mut Node) -> Result<SyncReport, Failure> {
        let mut report = self.run(node, Session::begin(node.staff)).await?;
        let done = node.command(Replica::open_private_parts)?;
        if done.opened + done.resealed > 0 {
            report.add(&self.run(node, Session::begin(node.staff)).await?);
        }
        Ok(report)
    }

    /// One sync that compares every record.
    pub(crate) async fn compare(&self, node: &mut Node) -> Result<SyncReport, Failure> {
        self.run(node, Session::thorough(node.staff)).await
    }

    async fn run(&self, node: &mut Node, mut session: Session) -> Result<SyncReport, Failure> {
        loop {
            let request = session.request(&mut node.replica, now())?;
            let (status, answer) = self.post(session.path(), request).await?;
            match session.receive(&mut node.replica, status, &answer, now()) {
                Ok(Step::Continue) => {}
                Ok(Step::Done(report)) => return Ok(report),
                Err(error) => return Err(self.attributed(error, node.replica.identity().root).await),
            }
        }
    }

    /// The failure that an error stands for. A refusal carries no signature: it counts only from whoever at least
    /// claims to be the relay that this device was enrolled at.
    async fn attributed(&self, error: SyncError, root: PublicKey) -> Failure {
        if matches!(error, SyncError::Refused { .. })
            && let Ok((200, hello)) = self.hello().await
            && unpack::<Hello>(&hello).is_ok_and(|hello| hello.root != root)
        {
            return SyncError::RelayUnknown.into();
        }
        error.into()
    }

    /// Asks to be told when something waits; the answer does not end. `proof` is the packed frame that says who asks.
    pub(crate) async fn listen(self, proof: Vec<u8>) -> Result<Response, Failure> {
        let request = self.client.get(format!("{}/sync/v1/events", self.base));
        let answer = request.header(AUTHORIZATION, format!("Sambung {}", hex(&proof))).send().await;
        let response = answer.map_err(|error| Failure::Unreachable(root_cause(&error)))?;
        let media_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        if response.status().is_success() && media_type == Some(b"text/event-stream") {
            return Ok(response);
        }
        Err(Failure::Unreachable(format!("no stream, but HTTP {}", response.status())))
    }

    async fn hello(&self) -> Result<(u16, Vec<u8>), Failure> {
        body(self.client.get(format!("{}/sync/v1/hello", self.base)).send().await).await
    }

    async fn post(&self, what: &str, request: Vec<u8>) -> Result<(u16, Vec<u8>), Failure> {
        let url = format!("{}/sync/v1/{what}", self.base);
        body(self.client.post(url).header(CONTENT_TYPE, MEDIA_TYPE).body(request).send().await).await
    }
}

/// The status and body of a relay's answer, never more than a body may have. Of another type is what captive
/// portals and proxies say in its place.
async fn body(answer: reqwest::Result<Response>) -> Result<(u16, Vec<u8>), Failure> {
    let unreachable = |error: reqwest::Error| Failure::Unreachable(root_cause(&error));
    let mut response = answer.map_err(unreachable)?;
    if response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes) != Some(MEDIA_TYPE.as_bytes()) {
        let status = response.status();
        return Err(Failure::Unreachable(format!(
            "something else answers at its address, with HTTP {status}"
        )));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > BODY_MAX {
            return Err(SyncError::Frame(sambung_sync::frame::FrameError::TooLarge).into());
        }
    }
    Ok((response.status().as_u16(), bytes))
}

fn refusal(body: &[u8]) -> Failure {
    match unpack::<Refusal>(body) {
        Ok(refusal) => Failure::EnrolRefused { code: refusal.code, message: refusal.message },
        Err(_) => Failure::Unreachable("something else answers at this address".to_owned()),
    }
}

/// The innermost reason, without the address, which may stand in the outer ones.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
