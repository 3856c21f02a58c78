//! A slow line, as a telephone has one in a valley: late, narrow, and cut now and then. Real connections, without a
//! kernel's help.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Bytes that pass at a time: about what a packet carries.
const PACKET: usize = 512;

/// How a line is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// From end to end, one way.
    pub(crate) delay: Duration,
    /// Each way.
    pub(crate) bytes_per_s: u32,
}

/// 2G: 50 kbit/s, 600 ms there and back.
pub(crate) const TWO_G: Shape = Shape { delay: Duration::from_millis(300), bytes_per_s: 50_000 / 8 };

/// A slow line to an address.
pub(crate) struct Slow {
    pub(crate) address: SocketAddr,
    passed: Arc<Passed>,
}

/// What has passed, and what is still to be cut.
#[derive(Default)]
struct Passed {
    connections: AtomicUsize,
    up: AtomicUsize,
    down: AtomicUsize,
    /// After so many bytes of answers the next connections are cut, one after the other.
    cuts: Mutex<Vec<usize>>,
}

impl Slow {
    pub(crate) fn to(far: SocketAddr, shape: Shape) -> Slow {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, passed) = (listener.local_addr().unwrap(), Arc::<Passed>::default());
        let counted = Arc::clone(&passed);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(far) else { continue };
                counted.connections.fetch_add(1, Ordering::Relaxed);
                let cut = counted.cuts.lock().unwrap().pop();
                carry(shape, (&near, &far), &counted, cut);
            }
        });
        Slow { address, passed }
    }

    /// Cuts the next connections, the first after the first number of bytes of its answers, and so on.
    pub(crate) fn cut(&self, after: &[usize]) {
        *self.passed.cuts.lock().unwrap() = after.iter().rev().copied().collect();
    }

    /// Connections so far, bytes to the relay, bytes from it.
    pub(crate) fn passed(&self) -> (usize, usize, usize) {
        let read = |number: &AtomicUsize| number.load(Ordering::Relaxed);
        (read(&self.passed.connections), read(&self.passed.up), read(&self.passed.down))
    }
}

/// Carries one connection in the background.
fn carry(shape: Shape, (near, far): (&TcpStream, &TcpStream), passed: &Arc<Passed>, cut: Option<usize>) {
    let pair = || (near.try_clone().unwrap(), far.try_clone().unwrap());
    let ((up_from, up_to), (down_to, down_from)) = (pair(), pair());
    let (counted, also) = (Arc::clone(passed), Arc::clone(passed));
    std::thread::spawn(move || pass(shape, up_from, up_to, &counted.up, None));
    std::thread::spawn(move || pass(shape, down_from, down_to, &also.down, cut));
}

/// Carries one direction: packets queue at the narrow place, then travel.
fn pass(shape: Shape, mut from: TcpStream, mut to: TcpStream, passed: &AtomicUsize, cut: Option<usize>) {
    let (send, arriving) = channel();
    let mut free = Instant::now();
    let mut left = cut.unwrap_or(usize::MAX);
    let delivery = std::thread::spawn(move || deliver(&arriving, &mut to));
    let mut packet = [0; PACKET];
    while let Ok(read @ 1..) = from.read(&mut packet) {
        let length = read.min(left);
        let time = Duration::from_secs(1) * u32::try_from(length).unwrap() / shape.bytes_per_s;
        free = free.max(Instant::now()) + time;
        // The sender fills the line no faster than it takes.
        std::thread::sleep(free.saturating_duration_since(Instant::now()));
        passed.fetch_add(length, Ordering::Relaxed);
        left -= length;
        if send.send((free + shape.delay, packet[..length].to_vec())).is_err() || left == 0 {
            break;
        }
    }
    drop(send);
    drop(delivery.join());
    if left == 0 {
        drop(from.shutdown(Shutdown::Both));
    }
}

fn deliver(arriving: &Receiver<(Instant, Vec<u8>)>, to: &mut TcpStream) {
    for (when, bytes) in arriving {
        std::thread::sleep(when.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            return;
        }
    }
    drop(to.shutdown(Shutdown::Write));
}
