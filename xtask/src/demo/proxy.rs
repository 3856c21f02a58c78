//! A line between an office and the relay that can break at a chosen point.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};

/// How often, and how long after one another, an address is tried that is just given free.
const ATTEMPTS: usize = 100;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);

/// Where the line breaks, and with it the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    /// After so many bytes of the office's request: the relay never has it whole.
    InRequest(usize),
    /// When the relay begins to answer: it has the push, the office never learns of it.
    BeforeAnswer,
}

/// What is done when the line breaks; it runs at most once for each time it is armed.
type OnBreak = Box<dyn FnOnce() + Send>;

/// The line. Without a break armed it passes everything on.
#[derive(Clone)]
pub(super) struct Proxy {
    address: SocketAddr,
    armed: Arc<Mutex<Option<(Break, OnBreak)>>>,
    /// Every byte that came from the relay, in the order it came: one exchange at a time uses the line.
    received: Arc<Mutex<Vec<u8>>>,
    closed: Arc<AtomicBool>,
}

impl Proxy {
    /// A line to `relay` that offices connect to at its own address.
    pub(super) fn start(relay: SocketAddr) -> Result<Self> {
        Ok(Self::on(TcpListener::bind("127.0.0.1:0")?, relay)?)
    }

    /// A line at an address that another line is just leaving.
    pub(super) fn start_at(address: SocketAddr, relay: SocketAddr) -> Result<Self> {
        for _ in 0..ATTEMPTS {
            if let Ok(listener) = TcpListener::bind(address) {
                return Ok(Self::on(listener, relay)?);
            }
            std::thread::sleep(BETWEEN_ATTEMPTS);
        }
        bail!("{address} does not come free")
    }

    fn on(listener: TcpListener, relay: SocketAddr) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let proxy =
            Proxy { address, armed: Arc::default(), received: Arc::default(), closed: Arc::default() };
        let line = proxy.clone();
        std::thread::spawn(move || {
            for office in listener.incoming().flatten() {
                if line.closed.load(Ordering::Acquire) {
                    break;
                }
                let line = line.clone();
                std::thread::spawn(move || line.carry(office, relay));
            }
        });
        Ok(proxy)
    }

    /// Takes no more connections, and gives the address free.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        if TcpStream::connect(self.address).is_err() {
            // The listener waits for a connection to notice; without one it has gone already.
        }
    }

    /// Where offices connect.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as an address of a relay.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every byte that came from the relay so far.
    pub(super) fn received(&self) -> Vec<u8> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The next connection breaks at this point.
    pub(super) fn arm(&self, at: Break, then: impl FnOnce() + Send + 'static) {
        *self.armed.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, Box::new(then)));
    }

    fn carry(&self, office: TcpStream, relay: SocketAddr) {
        let Ok(relay) = TcpStream::connect(relay) else { return };
        let armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (request_limit, then_in_request, then_at_answer) = match armed {
            Some((Break::InRequest(bytes), then)) => (Some(bytes), Some(then), None),
            Some((Break::BeforeAnswer, then)) => (None, None, Some(then)),
            None => (None, None, None),
        };
        let ends = (office.try_clone(), relay.try_clone());
        let (Ok(office_again), Ok(relay_again)) = ends else { return };
        std::thread::spawn(move || upwards(office, relay, request_limit, then_in_request));
        downwards(relay_again, office_again, then_at_answer, &self.received);
    }
}

/// Passes the request on, up to a limit.
fn upwards(mut office: TcpStream, mut relay: TcpStream, limit: Option<usize>, then: Option<OnBreak>) {
    let mut left = limit.unwrap_or(usize::MAX);
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = office.read(&mut buffer) {
        let passed = read.min(left);
        if relay.write_all(&buffer[..passed]).is_err() {
            break;
        }
        left -= passed;
        if left == 0 {
            if let Some(then) = then {
                then();
            }
            close(&office);
            break;
        }
    }
    close(&relay);
}

/// Passes the answer on, or breaks when it begins.
fn downwards(mut relay: TcpStream, mut office: TcpStream, then: Option<OnBreak>, received: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    let mut then = then;
    while let Ok(read @ 1..) = relay.read(&mut buffer) {
        if let Some(then) = then.take() {
            then();
            break;
        }
        received.lock().unwrap_or_else(PoisonError::into_inner).extend(&buffer[..read]);
        if office.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    close(&office);
}

/// Ends a connection; one that has ended already is no matter.
fn close(stream: &TcpStream) {
    if stream.shutdown(Shutdown::Both).is_err() {
        // The other side was faster.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes back over a line from a relay that answers with one word.
    fn answer(line: SocketAddr) -> String {
        let mut answer = String::new();
        TcpStream::connect(line).unwrap().read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_closed_line_goes_on_at_the_same_address() {
        let relay = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = relay.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut office in relay.incoming().flatten() {
                office.write_all(b"stored").unwrap();
            }
        });
        let line = Proxy::start(address).unwrap();
        assert_eq!(answer(line.address()), "stored");
        line.close();
        let again = Proxy::start_at(line.address(), address).unwrap();
        assert_eq!((answer(again.address()), again.address()), ("stored".to_owned(), line.address()));
        assert_eq!(line.received(), b"stored", "the closed line carries nothing more");
    }
}
