//! HTTP/1.1 as a replica speaks it: one connection, kept open.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};

/// How long an answer may take: a relay that is flooded on purpose answers in the end.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection to a server.
pub(crate) struct Connection {
    address: String,
    stream: BufReader<TcpStream>,
}

/// Status and body.
pub(crate) type Answer = (u16, Vec<u8>);

impl Connection {
    pub(crate) fn open(address: &str) -> Result<Connection> {
        Ok(Connection { address: address.to_owned(), stream: connect(address)? })
    }

    /// Connects anew: a server ends connections on which nothing is said.
    pub(crate) fn renew(&mut self) -> Result<()> {
        self.stream = connect(&self.address)?;
        Ok(())
    }

    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        self.send("GET", path, "", &[])
    }

    pub(crate) fn post(&mut self, path: &str, media_type: &str, body: &[u8]) -> Result<Answer> {
        self.send("POST", path, media_type, body)
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, media_type: &str, body: &[u8]) -> Result<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address).into_bytes();
        if method != "GET" {
            write!(request, "content-type: {media_type}\r\ncontent-length: {}\r\n", body.len())?;
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        self.try_to_send(&request).or_else(|_| {
            self.renew()?;
            self.try_to_send(&request)
        })
    }

    fn try_to_send(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.get_mut().write_all(request)?;
        read_answer(&mut self.stream)
    }
}

fn connect(address: &str) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address).with_context(|| format!("no connection to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

/// Reads one answer, which announces its length or comes in pieces.
fn read_answer(stream: &mut impl BufRead) -> Result<Answer> {
    let line = header(stream)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status")?;
    let (mut length, mut in_pieces) = (0, false);
    loop {
        let line = header(stream)?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        in_pieces |= line.starts_with("transfer-encoding:") && line.contains("chunked");
    }
    let mut body = vec![0; length];
    if in_pieces {
        body = pieces(stream)?;
    } else {
        stream.read_exact(&mut body)?;
    }
    Ok((status, body))
}

fn pieces(stream: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(&header(stream)?, 16).context("no length of a piece")?;
        let before = body.len();
        body.resize(before + length, 0);
        stream.read_exact(&mut body[before..])?;
        header(stream)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn header(stream: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    anyhow::ensure!(stream.read_line(&mut line)? > 0, "the connection ended");
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_both_kinds_are_read_to_their_end() {
        let mut two: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhaHTTP/1.1 409 Conflict\r\n\
            Transfer-Encoding: chunked\r\n\r\n3\r\nlo!\r\n0\r\n\r\n";
        assert_eq!(read_answer(&mut two).unwrap(), (200, b"ha".to_vec()));
        assert_eq!(read_answer(&mut two).unwrap(), (409, b"lo!".to_vec()));
        assert!(read_answer(&mut two).is_err());
    }
}
