//! HTTP/1.1 by hand: what is sent is exactly what the test says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use sambung_sync::frame::MEDIA_TYPE;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Reply {
    let mut stream = connect(address);
    let request = format!("GET {path} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    answer(&mut stream)
}

pub(crate) fn post(address: SocketAddr, path: &str, body: &[u8]) -> Reply {
    let mut stream = announce(address, path, body.len());
    // A relay that refuses by the headers alone may close before it has read the rest.
    drop(stream.write_all(body));
    answer(&mut stream)
}

/// Sends a whole request with a body of any media type, under the address's own name.
pub(crate) fn send(address: SocketAddr, method: &str, path: &str, media_type: &str, body: &[u8]) -> Reply {
    let mut stream = connect(address);
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: {media_type}\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    answer(&mut stream)
}

/// Opens a request for a body of some length and sends none of it.
pub(crate) fn announce(address: SocketAddr, path: &str, length: usize) -> TcpStream {
    let mut stream = connect(address);
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\ncontent-type: {MEDIA_TYPE}\r\n\
         content-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
    stream
}

/// Reads an answer to its end.
pub(crate) fn answer(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let split = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let split = split.unwrap_or_else(|| panic!("no answer: {read:?} after {} bytes", bytes.len()));
    let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, body: bytes[split + 4..].to_vec() }
}

/// Reads one whole HTTP message that announces its length; none where the other side ends before.
pub(crate) fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                return Some(bytes);
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
    }
}
