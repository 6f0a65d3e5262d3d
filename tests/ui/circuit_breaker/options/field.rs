use resilience::circuit_breaker;

enum ApiError {
    Busy,
    NotFound(u32),
    Open(resilience::CircuitOpen),
    Late(resilience::TimedOut),
}

impl From<resilience::CircuitOpen> for ApiError {
    fn from(open: resilience::CircuitOpen) -> Self {
        Self::Open(open)
    }
}

impl From<resilience::TimedOut> for ApiError {
    fn from(late: resilience::TimedOut) -> Self {
        Self::Late(late)
    }
}

struct Api {
    breaker: resilience::CircuitBreaker,
}

impl Api {
    #[circuit_breaker(self.breaker)]
    async fn fetch(&self, id: u32) -> Result<String, ApiError> {
        if id == 0 { Err(ApiError::NotFound(id)) } else { Err(ApiError::Busy) }
    }
}

fn main() {
    let _: fn(&Api, u32) -> _ = |api, id| drop(api.fetch(id));
}
