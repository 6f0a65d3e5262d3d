//! An HTTP server that can go away and come back at the same address.

use std::{
    io, mem,
    net::{Ipv4Addr, SocketAddr},
    thread::{self, JoinHandle},
};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpSocket},
    runtime, select,
    sync::oneshot,
};

/// Serves `app` on a port of 127.0.0.1 until it is stopped or dropped.
///
/// It has a thread and a runtime of its own: a program that blocks its thread does not block its
/// peer.
#[derive(Debug)]
pub(super) struct Server {
    app: Router,
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
    pub(super) fn start(app: Router) -> Self {
        let socket = bind((Ipv4Addr::LOCALHOST, 0).into()).expect("127.0.0.1 has a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        let mut server = Self {
            app,
            address,
            state: State::Down(socket),
        };
        server.up();
        server
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Listens again, if it does not.
    pub(super) fn up(&mut self) {
        self.state = match mem::take(&mut self.state) {
            State::Down(socket) => State::Up(Running::start(socket, self.app.clone())),
            state => state,
        };
    }

    /// Closes the listener and all connections, in the middle of a request too.
    pub(super) fn down(&mut self) {
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
    fn start(socket: TcpSocket, app: Router) -> Self {
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
        let thread = thread::spawn(move || runtime.block_on(serve(listener, app, stopped)));
        Self { stop, thread }
    }

    fn stop(self) {
        // An error is a server that has stopped by itself.
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

async fn serve(listener: TcpListener, app: Router, stopped: oneshot::Receiver<()>) {
    select! {
        served = axum::serve(listener, app) => served.expect("the server runs until it is stopped"),
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
