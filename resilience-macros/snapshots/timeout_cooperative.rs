#[timeout(self.limit, mode = cooperative, error = Error::Slow)]
fn query(&self) -> Result<Row, Error> {
    self.connection.query()
}
