use resilience::{circuit_breaker, retry, timeout};

fn main() {
    #[retry]
    #[circuit_breaker]
    #[timeout(1s)]
    struct Client;

    let _ = Client;
}
