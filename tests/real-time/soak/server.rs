//! An HTTP server on loopback that misbehaves as it is told to.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    time::sleep,
};

/// The fault that a request meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Answers,
    /// 503 to everything.
    Errs,
    /// Keeps the connection open and says nothing.
    Hangs,
    /// Resets the connection.
    Resets,
    /// Begins an answer and closes its side.
    HalfCloses,
    /// Is not there: connections are refused.
    Dead,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    mood: watch::Sender<Mood>,
    answered: Arc<AtomicU64>,
}

impl Server {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (mood, moods) = watch::channel(Mood::Answers);
        let answered = Arc::new(AtomicU64::new(0));
        tokio::spawn(serve(listener, address, moods, Arc::clone(&answered)));
        Ok(Self {
            address,
            mood,
            answered,
        })
    }

    pub(crate) fn be(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// Requests that were answered in full.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut listener: TcpListener,
    address: SocketAddr,
    mut moods: watch::Receiver<Mood>,
    answered: Arc<AtomicU64>,
) {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let (moods, answered) = (moods.clone(), Arc::clone(&answered));
                    tokio::spawn(async move {
                        // The client sees the same from its side, and counts it.
                        let _ = converse(stream, moods, &answered).await;
                    });
                }
            }
            alive = moods.changed() => {
                if alive.is_err() {
                    return;
                }
                if *moods.borrow_and_update() == Mood::Dead {
                    drop(listener);
                    // Bound and not listening: connections are refused, and nobody else is given
                    // the port.
                    let port = keep(address).await;
                    if moods.wait_for(|mood| *mood != Mood::Dead).await.is_err() {
                        return;
                    }
                    listener = port.listen(1024).expect("the port is ours");
                }
            }
        }
    }
}

async fn keep(address: SocketAddr) -> TcpSocket {
    loop {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .set_reuseaddr(true)
            .expect("an option of every system");
        if socket.bind(address).is_ok() {
            return socket;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

/// Requests and answers on one connection, until one side ends it.
async fn converse(
    stream: TcpStream,
    mut moods: watch::Receiver<Mood>,
    answered: &AtomicU64,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let Some(id) = request(&mut stream).await? else {
            return Ok(());
        };
        let mood = *moods.borrow_and_update();
        match mood {
            Mood::Answers => {
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{id}",
                    id.len()
                );
                stream.write_all(answer.as_bytes()).await?;
                answered.fetch_add(1, Ordering::SeqCst);
            }
            Mood::Errs => {
                stream
                    .write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
                    .await?;
            }
            Mood::Hangs => return moods.changed().await.map_err(io::Error::other),
            Mood::Resets => return stream.get_ref().set_zero_linger(),
            Mood::HalfCloses => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").await?;
                return stream.shutdown().await;
            }
            Mood::Dead => return Ok(()),
        }
    }
}

/// Reads `GET /id` and the headers; `None` at the end of the connection.
async fn request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut line = String::new();
    let mut id = None;
    while stream.read_line(&mut line).await? > 0 {
        if line == "\r\n" {
            return Ok(id);
        }
        if let Some(path) = line.strip_prefix("GET /") {
            id = path.split_whitespace().next().map(str::to_owned);
        }
        line.clear();
    }
    Ok(None)
}
