-- The lists of the whole fleet: the replicas that are alive, and the log of changes.
-- KEYS: alive, members, version, serial, log, format. ARGV: request, channel, arguments.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local alive, members, version, serial, log, format = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local request, channel = ARGV[1], ARGV[2]
local HOUR, DAY = 3600000, 86400000
local KEPT = 2000

local function text(n) return string.format('%.0f', n) end
local function members_changed()
  redis.call('INCR', version)
  redis.call('PUBLISH', channel, '')
end

if request == 'format' then
  -- 3 the format of the caller
  local present = redis.call('GET', format)
  if not present then
    present = ARGV[3]
    redis.call('SET', format, present)
  end
  redis.call('PEXPIRE', format, DAY)
  return present
elseif request == 'heartbeat' then
  -- 3 replica, 4 instance, 5 list or '-', 6 alive for
  local changed = false
  for _, dead in ipairs(redis.call('ZRANGEBYSCORE', alive, '-inf', text(now))) do
    redis.call('ZREM', alive, dead)
    redis.call('HDEL', members, dead)
    changed = true
  end
  -- After a clock that went back, nobody is alive for longer than after a sign of life.
  local latest = text(now + ARGV[6])
  for _, other in ipairs(redis.call('ZRANGEBYSCORE', alive, '(' .. latest, '+inf')) do
    redis.call('ZADD', alive, latest, other)
  end
  local known = redis.call('HGET', members, ARGV[3])
  local instance, list
  if known then instance, list = string.match(known, '^(%S*) (.*)$') end
  local circuits = list
  if ARGV[5] ~= '-' then
    circuits = ARGV[5]
    changed = changed or circuits ~= list
  end
  if circuits then
    redis.call('HSET', members, ARGV[3], ARGV[4] .. ' ' .. circuits)
    redis.call('ZADD', alive, latest, ARGV[3])
  end
  if changed then members_changed() end
  for _, key in ipairs({alive, members, version}) do redis.call('PEXPIRE', key, HOUR) end
  redis.call('PEXPIRE', format, DAY)
  return {
    tonumber(redis.call('GET', version) or '0'),
    (instance and instance ~= ARGV[4]) and 1 or 0,
    circuits and 0 or 1,
  }
elseif request == 'leave' then
  -- 3 replica
  redis.call('ZREM', alive, ARGV[3])
  if redis.call('HDEL', members, ARGV[3]) == 1 then members_changed() end
  return 0
elseif request == 'members' then
  local flat = redis.call('HGETALL', members)
  for i = 2, #flat, 2 do flat[i] = string.match(flat[i], '^%S* (.*)$') or '' end
  return flat
elseif request == 'note' then
  -- 3 circuit
  local at = redis.call('INCR', serial)
  redis.call('ZADD', log, at, ARGV[3])
  redis.call('ZREMRANGEBYRANK', log, 0, -KEPT - 1)
  redis.call('PEXPIRE', serial, DAY)
  redis.call('PEXPIRE', log, DAY)
  return at
elseif request == 'changes' then
  -- 3 after
  local at, after = tonumber(redis.call('GET', serial) or '0'), tonumber(ARGV[3])
  if at == after then return {at, 1} end
  local first = redis.call('ZRANGE', log, 0, 0, 'WITHSCORES')
  local is_cut = redis.call('ZCARD', log) >= KEPT and tonumber(first[2]) > after + 1
  if at < after or is_cut or not first[2] then return {at, 0} end
  local answer = {at, 1}
  for _, circuit in ipairs(redis.call('ZRANGEBYSCORE', log, '(' .. text(after), '+inf')) do
    answer[#answer + 1] = circuit
  end
  return answer
end
