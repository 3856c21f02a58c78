//! One axum `Router` over a replica, for three hosts: the office node over TCP, the browser inside a worker,
//! tests in memory. No sockets, no clock and no randomness of its own: the host gives them in [`Host`].
//!
//! The OpenAPI document is made from the same handlers ([`openapi`]) and frozen in a snapshot.

#![forbid(unsafe_code)]

mod cards;
mod guard;
mod problem;
mod queries;
mod records;
mod review;
mod sealed;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::{Router, middleware};
use sambung_domain::region::Regions;
use sambung_domain::{StaffId, Timestamp};
use sambung_replica::{Circumstances, Replica, ReplicaError};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use problem::Problem;

/// What the API needs of its host.
#[derive(Clone)]
pub struct Host {
    /// The replica. One writer a process: requests take turns, each for one short transaction.
    pub replica: Arc<Mutex<Replica>>,
    /// The staff member on whose behalf requests act.
    pub staff: StaffId,
    /// The device's clock.
    pub now: fn() -> Timestamp,
    /// Sixteen random bytes.
    pub random: fn() -> [u8; 16],
    /// The regions by which search knows villages; none where the host has no table yet.
    pub regions: fn() -> Option<&'static Regions>,
    /// Values of the `Host` header that are answered: whoever reaches the node under another name is a page
    /// that was tricked into talking to it.
    pub names: Arc<[String]>,
}

impl Host {
    /// The replica as the host's staff member sees it now, also after a request has panicked: a panic rolled its
    /// transaction back.
    fn replica(&self) -> Result<MutexGuard<'_, Replica>, Problem> {
        let mut replica = self.replica.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        replica.act_as(self.staff, (self.now)())?;
        Ok(replica)
    }

    /// Runs a command as the host's staff member.
    fn command<T>(
        &self,
        command: impl FnOnce(&mut Replica, &mut Circumstances<'_>) -> Result<T, ReplicaError>,
    ) -> Result<T, Problem> {
        let mut random = self.random;
        let mut circumstances = Circumstances { staff: self.staff, now: (self.now)(), random: &mut random };
        Ok(command(&mut *self.replica()?, &mut circumstances)?)
    }
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Sambung node",
    description = "The local API of an office node, a phone and a console.",
    version = "1"
))]
struct Document;

fn described() -> OpenApiRouter<Host> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(records::create))
        .routes(routes!(records::show, records::edit))
        .routes(routes!(records::history))
        .routes(routes!(records::status))
        .routes(routes!(queries::list))
        .routes(routes!(queries::search))
        .routes(routes!(queries::person))
        .routes(routes!(sealed::unopened, sealed::seal))
        .routes(routes!(sealed::open))
        .routes(routes!(cards::track))
        .routes(routes!(review::command))
        .routes(routes!(review::offers))
        .routes(routes!(review::conflicts))
        .routes(routes!(review::conflicts_of))
        .routes(routes!(review::decided))
        .routes(routes!(review::candidates))
        .routes(routes!(review::group))
        .routes(routes!(review::drafts))
        .routes(routes!(review::draft, review::keep_draft, review::discard_draft))
}

/// The routes of `/api/v1`.
pub fn router(host: Host) -> Router {
    let (router, _) = described().split_for_parts();
    router.layer(middleware::from_fn_with_state(host.clone(), guard::only_for_this_node)).with_state(host)
}

/// The OpenAPI document of the routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().split_for_parts().1
}
