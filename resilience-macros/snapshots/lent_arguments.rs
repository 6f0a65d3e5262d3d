#[retry]
fn read<P: AsRef<Path>>(path: P, visit: impl FnMut(&Row), log: Option<&mut Log>) -> Result<u64, Error> {
    count(open(path)?, visit, log)
}
