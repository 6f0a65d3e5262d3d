//! A server that can go away and come back at the same address.

use std::{
    fmt, io, mem,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    thread::{self, JoinHandle},
};

use tokio::{
    net::{TcpListener, TcpSocket},
    runtime, select,
    sync::oneshot,
};

type Served = Pin<Box<dyn Future<Output = io::Result<()>>>>;
type Serve = Arc<dyn Fn(TcpListener) -> Served + Send + Sync>;

/// Serves on a port of 127.0.0.1 until it is stopped or dropped.
///
/// It has a thread and a runtime of its own: a program that blocks its thread does not block its
/// peer.
pub struct Server {
    serve: Serve,
    address: SocketAddr,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    Up(Running),
    /// Bound and not listening: connections are refused, and nobody else is given the port
    /// meanwhile.
    Down(TcpSocket),
    /// On the way from one to the other.
    #[default]
    Changing,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Server {
    /// Starts it on a free port. `serve` takes the connections of the listener, for ever.
    ///
    /// # Panics
    /// If 127.0.0.1 has no free port.
    pub fn start<F>(serve: impl Fn(TcpListener) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + 'static,
    {
        let socket = bind((Ipv4Addr::LOCALHOST, 0).into()).expect("127.0.0.1 has a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        let mut server = Self {
            serve: Arc::new(move |listener| Box::pin(serve(listener))),
            address,
            state: State::Down(socket),
        };
        server.up();
        server
    }

    /// Returns the address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address as the beginning of a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Listens again, if it does not.
    pub fn up(&mut self) {
        self.state = match mem::take(&mut self.state) {
            State::Down(socket) => State::Up(Running::start(socket, Arc::clone(&self.serve))),
            state => state,
        };
    }

    /// Closes the listener and all connections, in the middle of a request too.
    ///
    /// # Panics
    /// If another process takes the port in the same moment.
    pub fn down(&mut self) {
        self.state = match mem::take(&mut self.state) {
            State::Up(running) => {
                running.stop();
                State::Down(bind(self.address).expect("the port was this server's a moment ago"))
            }
            state => state,
        };
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let State::Up(running) = mem::take(&mut self.state) {
            running.stop();
        }
    }
}

impl Running {
    fn start(socket: TcpSocket, serve: Serve) -> Self {
        let (stop, stopped) = oneshot::channel();
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        // Listens before it returns: the first request must not come too early.
        let listener = {
            let _inside = runtime.enter();
            socket.listen(128).expect("the port is free")
        };
        // Connections are tasks of the runtime. They end when the thread drops it.
        let thread =
            thread::spawn(move || runtime.block_on(until_stopped(serve(listener), stopped)));
        Self { stop, thread }
    }

    fn stop(self) {
        // An error is a server that has stopped by itself.
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

async fn until_stopped(served: Served, stopped: oneshot::Receiver<()>) {
    select! {
        served = served => served.expect("the server runs until it is stopped"),
        _ = stopped => {}
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections of the former listener may linger in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
