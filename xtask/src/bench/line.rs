//! A line on loopback that counts what passes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::Result;

/// What has passed: bytes of everything, also of headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) up: u64,
    pub(super) down: u64,
    /// How often somebody spoke after having listened, all connections together: requests, where one waits for the
    /// answer to another.
    pub(super) turns: u64,
}

impl Passed {
    pub(super) fn bytes(self) -> u64 {
        self.up + self.down
    }

    /// What has passed since.
    pub(super) fn since(self, before: Passed) -> Passed {
        Passed { up: self.up - before.up, down: self.down - before.down, turns: self.turns - before.turns }
    }
}

/// The line.
pub(super) struct Line {
    address: SocketAddr,
    counted: Arc<Counted>,
}

#[derive(Default)]
struct Counted {
    up: AtomicU64,
    down: AtomicU64,
    turns: AtomicU64,
}

impl Line {
    /// A line to an address, for any number of connections.
    pub(super) fn to(far: SocketAddr) -> Result<Line> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let line = Line { address: listener.local_addr()?, counted: Arc::default() };
        let counted = Arc::clone(&line.counted);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                // A connection that cannot be carried ends, as on any line.
                std::thread::spawn(move || drop(carry(&near, far, &counted)));
            }
        });
        Ok(line)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn passed(&self) -> Passed {
        let read = |number: &AtomicU64| number.load(Ordering::SeqCst);
        let Counted { up, down, turns } = &*self.counted;
        Passed { up: read(up), down: read(down), turns: read(turns) }
    }
}

fn carry(near: &TcpStream, far: SocketAddr, counted: &Arc<Counted>) -> Result<()> {
    let far = TcpStream::connect(far)?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (from_far, to_near) = (far.try_clone()?, near.try_clone()?);
    let speaks = Arc::new(AtomicBool::new(false));
    let (heard, counts) = (Arc::clone(&speaks), Arc::clone(counted));
    std::thread::spawn(move || {
        pass(&from_far, &to_near, |bytes| {
            heard.store(false, Ordering::SeqCst);
            counts.down.fetch_add(bytes, Ordering::SeqCst);
        });
    });
    pass(near, &far, |bytes| {
        if !speaks.swap(true, Ordering::SeqCst) {
            counted.turns.fetch_add(1, Ordering::SeqCst);
        }
        counted.up.fetch_add(bytes, Ordering::SeqCst);
    });
    Ok(())
}

/// Passes one direction on, counting before it goes further.
fn pass(mut from: &TcpStream, mut to: &TcpStream, count: impl Fn(u64)) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        count(u64::try_from(read).unwrap_or(0));
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // The other side may have ended first.
    drop(to.shutdown(Shutdown::Write));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_counted_both_ways_with_its_turns() {
        let far = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = Line::to(far.local_addr().unwrap()).unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = far.accept().unwrap();
            let mut word = [0; 4];
            while stream.read_exact(&mut word).is_ok() {
                stream.write_all(b"answer").unwrap();
            }
        });
        let mut near = TcpStream::connect(line.address()).unwrap();
        let before = line.passed();
        for _ in 0..3 {
            near.write_all(b"word").unwrap();
            near.read_exact(&mut [0; 6]).unwrap();
        }
        assert_eq!(line.passed().since(before), Passed { up: 12, down: 18, turns: 3 });
        assert_eq!(line.passed().bytes(), 30);
    }
}
