//! Connections with TLS, and the errors of those that have it at one end only.

use std::{fs, path::Path};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use resilience::CircuitBreaker;
use resilience_fleet::{Fleet, FleetBuilder, FleetErrorKind, store::StoreErrorKind};
use resilience_fleet_tests::server::{Server, TlsFiles};
use tempfile::TempDir;

use crate::{
    process::{Process, Service, wait},
    replicas::CONFIG,
};

/// An authority, and a certificate of a server on this machine that it has signed.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut authority = CertificateParams::new(Vec::<String>::new()).expect("no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(authority, key).expect("a certificate");
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let server = CertificateParams::new(names).expect("plain names");
    let key = KeyPair::generate().expect("a key");
    let certificate = server.signed_by(&key, &authority).expect("a certificate");
    let write =
        |name: &str, text: String| fs::write(folder.path().join(name), text).expect("a file");
    write("ca.pem", authority.pem());
    write("cert.pem", certificate.pem());
    write("key.pem", key.serialize_pem());
    folder
}

fn server(folder: &Path) -> Option<Server> {
    let path = |name: &str| folder.join(name).display().to_string();
    Server::with_tls(&TlsFiles {
        authority: path("ca.pem"),
        certificate: path("cert.pem"),
        key: path("key.pem"),
    })
}

fn with_tls(port: u16) -> String {
    format!("rediss://127.0.0.1:{port}")
}

async fn fault(builder: FleetBuilder) -> (StoreErrorKind, String) {
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let started = builder.share_circuit(&circuit).start().await;
    let error = started.expect_err("it cannot start");
    match error.kind() {
        FleetErrorKind::Store(kind) => (kind, error.to_string()),
        other => panic!("{other:?}: {error}"),
    }
}

#[test]
fn replicas_share_their_circuits_over_tls() {
    let folder = certificates();
    let Some(server) = server(folder.path()) else {
        return;
    };
    let service = Service::start();
    // The roots of the operating system are those of the variable. It is read once by each process.
    let roots = folder.path().join("ca.pem").display().to_string();
    let variables = [("SSL_CERT_FILE", &*roots), ("REPLICA_STRICT", "1")];
    let address = with_tls(server.port);
    let start = |name: &str| Process::start(&address, name, &service, &variables);
    // The third one calls nobody, and opens by the votes of the others.
    let idle = [&variables[..], &[("REPLICA_IDLE", "1")]].concat();
    let third = Process::start(&address, "three", &service, &idle);
    let mut replicas = vec![start("one"), start("two"), third];
    // They do not start without the store.
    wait("start", &replicas, |it| it.first("started", 0).is_some());
    service.fail(true);
    wait("open", &replicas, |it| it.first(" open ", 0).is_some());
    let lines = replicas[2].lines();
    assert!(
        lines.iter().any(|line| line.ends_with("open fleet")),
        "{lines:?}"
    );
    service.fail(false);
    wait("close", &replicas, |it| {
        it.lines()
            .last()
            .is_some_and(|line| line.contains(" closed "))
    });
    for replica in &mut replicas {
        assert!(replica.end().ends_with("state=closed"));
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_an_error() {
    let folder = certificates();
    let Some(server) = server(folder.path()) else {
        return;
    };
    let (kind, text) = fault(Fleet::builder(with_tls(server.port))).await;
    assert_eq!(kind, StoreErrorKind::Connection, "{text}");
    assert!(text.contains("certificate"), "{text}");
}

#[tokio::test]
async fn an_address_without_tls_of_a_server_with_tls_is_an_error() {
    let folder = certificates();
    let Some(server) = server(folder.path()) else {
        return;
    };
    let (kind, text) = fault(Fleet::builder(server.address())).await;
    assert_eq!(kind, StoreErrorKind::Connection, "{text}");
    assert!(text.contains("rediss://"), "{text}");
}

#[tokio::test]
async fn an_address_with_tls_of_a_server_without_tls_is_an_error() {
    let Some(server) = Server::start() else {
        return;
    };
    let (kind, text) = fault(Fleet::builder(with_tls(server.port))).await;
    assert_eq!(kind, StoreErrorKind::Connection, "{text}");
    assert!(text.contains("the server does not speak TLS"), "{text}");
}
