//! A reader that does not read. It is a process of its own, because its changes fill the queue of
//! every reader.

mod support;

use axum::Router;
use resilience::registry;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::support::{CONFIG, LONGEST_WAIT, Reader, read_only};

/// Serves the router, and opens a connection to its stream that reads nothing yet. Both ends have
/// small buffers.
async fn connect(app: Router) -> TcpStream {
    let server = TcpSocket::new_v4().expect("a socket");
    server.set_send_buffer_size(1 << 14).expect("small");
    server
        .bind(([127, 0, 0, 1], 0).into())
        .expect("a free port");
    let listener = server.listen(8).expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    let client = TcpSocket::new_v4().expect("a socket");
    client.set_recv_buffer_size(1 << 14).expect("small");
    let mut connection = client.connect(address).await.expect("a connection");
    let request = "GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let sent = connection.write_all(request.as_bytes()).await;
    sent.expect("sent");
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_never_reads_holds_up_nobody_and_gets_a_snapshot_later() {
    // The snapshot and each change of all of them have a megabyte, and the queue keeps four.
    let long = "a".repeat(5_000);
    let names = (0..200).map(|number| format!("router::asleep::{number}::{long}"));
    let names: Vec<_> = names.collect();
    for name in &names {
        registry::get_or_register(name.clone(), CONFIG);
    }
    let app = read_only();
    let mut asleep = connect(app.clone()).await;
    let mut awake = Reader::open(&app, None).await;
    for round in 0..6 {
        let is_open = round % 2 == 0;
        for name in &names {
            let change = if is_open {
                registry::trip(name)
            } else {
                registry::reset(name)
            };
            assert!(change);
        }
        let state = if is_open { "open" } else { "closed" };
        let is_told = |change: &Value| change["state"] == state;
        awake.change_of(&names[199], is_told).await;
    }
    let mut text = String::new();
    let mut buffer = vec![0; 1 << 16];
    let reads = async {
        // The snapshot at the begin, and another one in place of the changes that were dropped.
        while text.matches("event: snapshot\n").count() < 2 {
            let length = asleep.read(&mut buffer).await;
            let length = length.expect("the connection holds");
            assert!(length > 0, "the stream does not end");
            text.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    };
    let both = tokio::time::timeout(LONGEST_WAIT, reads).await;
    both.expect("a second snapshot");
    for name in &names {
        registry::remove(name);
    }
}
