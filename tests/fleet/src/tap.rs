//! A TCP proxy that reads the requests to a server, and breaks something at the N-th one that
//! writes.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// The moment of a fault, beside a request that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The server never gets the request.
    Before,
    /// The server makes the request, and the client never gets the answer.
    After,
}

/// A proxy in front of a server. All connections end at the fault.
#[derive(Debug)]
pub struct Tap {
    /// The port on 127.0.0.1.
    pub port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    target: u16,
    /// The names of the requests to the scripts, in the order of their coming.
    requests: Vec<String>,
    writes: usize,
    /// The request at which the fault happened.
    broken_at: Option<String>,
    fault: Option<(usize, Moment)>,
    break_server: Box<dyn FnMut(&mut u16) + Send>,
    connections: Vec<TcpStream>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("requests", &self.requests)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

impl Tap {
    /// Starts a proxy in front of the port. At the fault, which is the number of a request that
    /// writes, it ends all connections and calls the function, which may lead later ones to another
    /// port.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub fn start(
        target: u16,
        fault: Option<(usize, Moment)>,
        break_server: impl FnMut(&mut u16) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State {
            target,
            requests: Vec::new(),
            writes: 0,
            broken_at: None,
            fault,
            break_server: Box::new(break_server),
            connections: Vec::new(),
        }));
        let of_thread = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let target = lock(&of_thread).target;
                if let Ok(server) = TcpStream::connect(("127.0.0.1", target)) {
                    join(&of_thread, client, server);
                }
            }
        });
        Self { port, state }
    }

    /// The address for a fleet.
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The requests to the scripts since this was asked for last.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.state).requests)
    }

    /// The number of requests that wrote so far.
    pub fn writes(&self) -> usize {
        lock(&self.state).writes
    }

    /// The request at which the fault happened.
    pub fn broken_at(&self) -> Option<String> {
        lock(&self.state).broken_at.clone()
    }

    /// Leads the connections to another port from now on, and ends those that there are.
    pub fn lead_to(&self, target: u16) {
        self.line().lead_to(target);
    }

    /// A handle that leads the connections elsewhere, for another thread.
    pub fn line(&self) -> Line {
        Line(Arc::clone(&self.state))
    }
}

/// A handle of a [`Tap`].
#[derive(Clone, Debug)]
pub struct Line(Arc<Mutex<State>>);

impl Line {
    /// Leads the connections to another port from now on, and ends those that there are.
    pub fn lead_to(&self, target: u16) {
        let mut state = lock(&self.0);
        state.target = target;
        cut(&mut state);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cut(state: &mut State) {
    for connection in state.connections.drain(..) {
        let _ = connection.shutdown(Shutdown::Both);
    }
}

fn join(state: &Arc<Mutex<State>>, mut client: TcpStream, mut server: TcpStream) {
    let (Ok(mut to_client), Ok(mut from_server)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    for connection in [&client, &server] {
        if let Ok(connection) = connection.try_clone() {
            lock(state).connections.push(connection);
        }
    }
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = from_server.read(&mut buffer) {
            if to_client.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let state = Arc::clone(state);
    thread::spawn(move || {
        let (mut buffer, mut bytes) = (vec![0; 65_536], Vec::new());
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..length]);
            while let Some((words, length)) = request(&bytes) {
                let one: Vec<_> = bytes.drain(..length).collect();
                if pass(&state, &words, &one, &client, &mut server).is_none() {
                    return;
                }
            }
        }
        let _ = server.shutdown(Shutdown::Both);
    });
}

/// Sends a request on to the server. `None` if the connection is at its end.
fn pass(
    state: &Mutex<State>,
    words: &[String],
    request: &[u8],
    client: &TcpStream,
    server: &mut TcpStream,
) -> Option<()> {
    let fault = {
        let mut state = lock(state);
        let (name, writes) = script_request(words).unwrap_or_default();
        state.writes += usize::from(writes);
        let at = state.writes;
        let fault = state.fault.filter(|(number, _)| writes && *number == at);
        if fault.is_some() {
            state.broken_at = Some(name.clone());
        }
        if !name.is_empty() {
            state.requests.push(name);
        }
        fault
    };
    match fault {
        None => return server.write_all(request).ok(),
        Some((_, Moment::Before)) => {}
        Some((_, Moment::After)) => {
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.write_all(request);
            // The server makes the request meanwhile.
            thread::sleep(Duration::from_millis(30));
        }
    }
    let mut state = lock(state);
    state.fault = None;
    cut(&mut state);
    let state = &mut *state;
    (state.break_server)(&mut state.target);
    None
}

/// The name of a request to a script, and true if it writes.
fn script_request(words: &[String]) -> Option<(String, bool)> {
    if !words.first()?.starts_with("EVAL") {
        return None;
    }
    let keys: usize = words.get(2)?.parse().ok()?;
    let name = words.get(3 + keys)?;
    let reads = ["read", "changes", "members"];
    Some((name.clone(), !reads.contains(&&**name)))
}

/// The words of the first request in the bytes, and its length.
fn request(bytes: &[u8]) -> Option<(Vec<String>, usize)> {
    let mut at = 0;
    let count = number(bytes, &mut at, b'*')?;
    let mut words = Vec::with_capacity(count);
    for _ in 0..count {
        let length = number(bytes, &mut at, b'$')?;
        let word = bytes.get(at..at + length)?;
        words.push(String::from_utf8_lossy(word).into_owned());
        at += length + 2;
    }
    (at <= bytes.len()).then_some((words, at))
}

fn number(bytes: &[u8], at: &mut usize, sign: u8) -> Option<usize> {
    let rest = bytes.get(*at..)?;
    let end = rest.windows(2).position(|two| two == b"\r\n")?;
    let line = std::str::from_utf8(&rest[..end]).ok()?;
    *at += end + 2;
    line.strip_prefix(char::from(sign))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_when_all_of_it_is_there() {
        let whole = b"*3\r\n$4\r\nEVAL\r\n$1\r\nx\r\n$1\r\n0\r\n*1\r\n";
        assert_eq!(request(&whole[..10]), None);
        let (words, length) = request(whole).expect("it is whole");
        assert_eq!((&*words.concat(), length), ("EVALx0", whole.len() - 4));
    }

    #[test]
    fn scripts_that_write_are_told_from_those_that_read() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let name = |text: &str| script_request(&words(text));
        let vote = name("EVALSHA hash 2 key key vote channel");
        assert_eq!(vote, Some(("vote".to_owned(), true)));
        let read = name("EVAL code 1 key read channel");
        assert_eq!(read, Some(("read".to_owned(), false)));
        assert_eq!(name("SUBSCRIBE channel"), None);
    }
}
