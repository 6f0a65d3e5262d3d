//! A TCP proxy that delays, stalls, half-opens and cuts connections.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// A proxy in front of a port. Its faults hold for all connections.
#[derive(Debug)]
pub struct Proxy {
    /// The port on 127.0.0.1.
    pub port: u16,
    faults: Arc<Faults>,
}

#[derive(Debug, Default)]
struct Faults {
    delay: AtomicU64,
    is_stalled: AtomicBool,
    is_mute: AtomicBool,
    refuses: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Starts a proxy in front of the port.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let faults = Arc::<Faults>::default();
        let of_thread = Arc::clone(&faults);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if of_thread.refuses.load(Ordering::Relaxed) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else {
                    continue;
                };
                of_thread.join(&client, &server, Way::Requests);
                of_thread.join(&server, &client, Way::Answers);
            }
        });
        Self { port, faults }
    }

    /// The address for a fleet.
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Delays what is sent from now on.
    pub fn delay(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.faults.delay.store(millis, Ordering::Relaxed);
    }

    /// Swallows what is sent from now on, with the connections open, or goes on.
    pub fn stall(&self, is_stalled: bool) {
        self.faults.is_stalled.store(is_stalled, Ordering::Relaxed);
    }

    /// Swallows the answers from now on, while the requests still arrive, or lets them pass again.
    pub fn mute(&self, is_mute: bool) {
        self.faults.is_mute.store(is_mute, Ordering::Relaxed);
    }

    /// Cuts all connections and refuses new ones, or takes them again.
    ///
    /// # Panics
    ///
    /// If a thread of the proxy panicked.
    pub fn cut(&self, refuses: bool) {
        self.faults.refuses.store(refuses, Ordering::Relaxed);
        for connection in self.faults.connections.lock().expect("no panic").drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

/// The direction of bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Requests,
    Answers,
}

impl Faults {
    fn join(self: &Arc<Self>, from: &TcpStream, to: &TcpStream, way: Way) {
        let (Ok(mut from), Ok(mut to), Ok(kept)) =
            (from.try_clone(), to.try_clone(), from.try_clone())
        else {
            return;
        };
        self.connections.lock().expect("no panic").push(kept);
        let faults = Arc::clone(self);
        thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                let is_mute = way == Way::Answers && faults.is_mute.load(Ordering::Relaxed);
                if is_mute || faults.is_stalled.load(Ordering::Relaxed) {
                    continue;
                }
                let delay = faults.delay.load(Ordering::Relaxed);
                if delay > 0 {
                    thread::sleep(Duration::from_millis(delay));
                }
                if to.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}
