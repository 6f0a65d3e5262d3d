//! A server whose clock jumps.

use crate::server::Server;

/// Adds a time to all moments of a circuit.
const SCRIPT: &str = "
local function text(n) return string.format('%.0f', n) end
for _, name in ipairs({'at', 'until', 'c_until', 'doubt'}) do
  local moment = redis.call('HGET', KEYS[1], name)
  if moment then redis.call('HSET', KEYS[1], name, text(moment + ARGV[1])) end
end
for at = 2, 4 do
  local members = redis.call('ZRANGE', KEYS[at], 0, -1, 'WITHSCORES')
  for i = 1, #members, 2 do
    redis.call('ZADD', KEYS[at], text(members[i + 1] + ARGV[1]), members[i])
  end
end";

/// Lets the clock of the server go back for a circuit, or forward by a negative time.
///
/// No library fakes the clock of `redis-server`, because its allocator reads the clock while it
/// starts. So all moments of the circuit, which is `NAMESPACE:CIRCUIT`, move to the other side, and
/// the script meets the numbers that it would meet after such a jump.
///
/// # Panics
///
/// If the server refuses the script.
pub fn clock_goes_back(server: &Server, circuit: &str, micros: i64) {
    let keys = ["record", "votes", "objections", "leases"];
    let keys = keys.map(|part| format!("{{{circuit}}}:1:{part}"));
    let micros = micros.to_string();
    let mut words = vec!["EVAL", SCRIPT, "4"];
    words.extend(keys.iter().map(String::as_str));
    words.push(&micros);
    let answer = server.command(&words);
    assert!(!answer.starts_with('-'), "{answer}");
}
