//! A line between offices and their relay. Its address stays when the relay dies, and it can kill the relay at
//! an exact byte of what passes through it.

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::deployment::RelayProcess;
use super::http::message;

/// What happens to the next connection. Parts are in thousandths of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Everything passes.
    Pass,
    /// The relay dies when it has got this part of the first request.
    KillInRequest(usize),
    /// The relay dies this long after it has got the whole first request.
    KillAfterRequest(Duration),
    /// The relay answers the first request and dies; this part of the answer arrives.
    KillInAnswer(usize),
}

/// The line.
pub(crate) struct Line {
    address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
    diverted: Arc<Mutex<Option<SocketAddr>>>,
    ended: Arc<AtomicBool>,
}

impl Line {
    pub(super) fn to(relay: Arc<RelayProcess>) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (plan, ended) = (Arc::new(Mutex::new(Plan::Pass)), Arc::new(AtomicBool::new(false)));
        let diverted = Arc::new(Mutex::new(None));
        let (next, elsewhere, stop) = (Arc::clone(&plan), Arc::clone(&diverted), Arc::clone(&ended));
        std::thread::spawn(move || {
            for office in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (relay, plan) = (Arc::clone(&relay), *next.lock().unwrap());
                let far = elsewhere.lock().unwrap().or_else(|| relay.address());
                // The plan is for one connection; those that come while it is carried out find a dead relay.
                *next.lock().unwrap() = Plan::Pass;
                std::thread::spawn(move || connect(office, far, &relay, plan));
            }
        });
        Line { address, plan, diverted, ended }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets what happens to the next connection.
    pub(crate) fn plan(&self, plan: Plan) {
        *self.plan.lock().unwrap() = plan;
    }

    /// Leads somewhere else from now on, or to the relay again.
    pub(crate) fn divert(&self, elsewhere: Option<SocketAddr>) {
        *self.diverted.lock().unwrap() = elsewhere;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

/// Carries one connection. Whatever ends early on either side ends the connection, as on any line.
fn connect(mut office: TcpStream, far: Option<SocketAddr>, relay: &RelayProcess, plan: Plan) {
    let Some(mut far) = far.and_then(|address| TcpStream::connect(address).ok()) else { return };
    if plan == Plan::Pass {
        return pass(office, far);
    }
    let Some(request) = message(&mut office) else { return };
    let part = |whole: &[u8], thousandths: usize| whole.len() * thousandths / 1_000;
    match plan {
        Plan::Pass => {}
        Plan::KillInRequest(thousandths) => {
            drop(far.write_all(&request[..part(&request, thousandths)]));
            relay.kill();
        }
        Plan::KillAfterRequest(delay) => {
            drop(far.write_all(&request));
            std::thread::sleep(delay);
            relay.kill();
        }
        Plan::KillInAnswer(thousandths) => {
            drop(far.write_all(&request));
            let answer = message(&mut far).unwrap_or_default();
            relay.kill();
            drop(office.write_all(&answer[..part(&answer, thousandths)]));
        }
    }
}

fn pass(mut office: TcpStream, mut far: TcpStream) {
    let (Ok(mut back), Ok(mut from)) = (office.try_clone(), far.try_clone()) else { return };
    let down = std::thread::spawn(move || {
        drop(std::io::copy(&mut from, &mut back));
        drop(back.shutdown(Shutdown::Write));
    });
    drop(std::io::copy(&mut office, &mut far));
    drop(far.shutdown(Shutdown::Write));
    drop(down.join());
}
