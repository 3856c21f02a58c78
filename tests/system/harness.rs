//! A relay, offices, and everything that can happen between them, as real processes on loopback.

mod audit;
mod binary;
mod deployment;
mod device;
mod http;
mod line;
mod office;
mod process;
mod served;
mod slow;
mod worker;

pub(crate) use audit::open;
pub(crate) use binary::relay as relay_program;
pub(crate) use deployment::Deployment;
pub(crate) use device::{Device, EXCHANGE, hello};
pub(crate) use http::{announce, message, post};
pub(crate) use line::Plan;
pub(crate) use office::{Office, create_arguments, edit_arguments, texts};
pub(crate) use process::{Ended, Running, run, say};
pub(crate) use served::Served;
pub(crate) use slow::{Slow, TWO_G};
pub(crate) use worker::{Worker, item, name};

/// Random bytes from the system: keys and names of the tests' own devices.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    use std::io::Read;

    let mut bytes = [0; N];
    std::fs::File::open("/dev/urandom").unwrap().read_exact(&mut bytes).unwrap();
    bytes
}
