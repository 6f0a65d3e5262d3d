//! The little of HTTP/1.1 that the quickstart needs, so that it is built in a moment. A service has
//! a client like `reqwest`; the package `services` shows that.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// Requests `path`, and returns the body of an answer with the status 200.
///
/// # Errors
/// If the peer cannot be reached, hangs up, or answers with another status.
pub async fn get(peer: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(peer)
        .await
        .map_err(|error| io::Error::new(error.kind(), "the service cannot be reached"))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {peer}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;

    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let hung_up = || io::Error::new(io::ErrorKind::UnexpectedEof, "the service hung up");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(hung_up)?;
    let status = head.lines().next().and_then(|line| line.split_once(' '));
    match status {
        Some((_, "200 OK")) => Ok(body.to_owned()),
        Some((_, status)) => Err(io::Error::other(format!("the service answered {status}"))),
        None => Err(hung_up()),
    }
}

/// Reads the request of one connection, and returns its path.
pub(crate) async fn read_path(stream: &mut TcpStream) -> io::Result<String> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next_line().await?.unwrap_or_default();
    // The head ends with an empty line. No request has a body.
    while lines
        .next_line()
        .await?
        .is_some_and(|line| !line.is_empty())
    {}
    Ok(first.split(' ').nth(1).unwrap_or_default().to_owned())
}

/// Answers the request of a connection, and closes the connection.
pub(crate) async fn answer(stream: &mut TcpStream, status: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
