-- One step of a circuit. `store/circuit.rs` does the same in Rust and says what each step means.
-- KEYS: record, votes, objections, leases. ARGV: request, channel, circuit, arguments of the request.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local record, votes, objections, leases = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local GRACE = 250000

local f = {}
local flat = redis.call('HGETALL', record)
for i = 1, #flat, 2 do f[flat[i]] = flat[i + 1] end

local function number(name) return tonumber(f[name] or '0') end
local function text(n) return string.format('%.0f', n) end
local function set(name, value)
  if type(value) == 'number' then value = text(value) end
  f[name] = value
  redis.call('HSET', record, name, value)
end
local function unset(name)
  if f[name] then
    f[name] = nil
    redis.call('HDEL', record, name)
  end
end

-- A clock that went back, by itself or because another server took over, takes all moments with it.
if now < number('at') then
  local back = number('at') - now
  for _, name in ipairs({'at', 'until', 'c_until', 'doubt'}) do
    if f[name] then set(name, number(name) - back) end
  end
  for _, key in ipairs({votes, objections, leases}) do
    local members = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for i = 1, #members, 2 do redis.call('ZADD', key, text(members[i + 1] - back), members[i]) end
  end
end
for _, key in ipairs({votes, objections, leases}) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now))
end
if redis.call('ZCARD', votes) == 0 and f.doubt then
  unset('doubt')
  redis.call('DEL', objections)
end

local function exist(epoch)
  if not f.epoch then
    set('epoch', epoch)
    set('generation', 0)
  end
end
local function holds()
  if not f.c_action or f.c_action == 'reset' then return false end
  return f.c_until == nil or now < number('c_until')
end
local function set_opening(first)
  set('open_for', ARGV[first])
  set('lease_for', ARGV[first + 1])
  set('probes', ARGV[first + 2])
  set('threshold', ARGV[first + 3])
end
local function change()
  set('generation', number('generation') + 1)
  unset('successes')
  unset('doubt')
  redis.call('DEL', votes, objections, leases)
end
local function open(untill)
  change()
  set('state', 'open')
  set('until', untill)
end
local function close()
  change()
  unset('state')
  unset('until')
end
local function grace()
  if not f.doubt then return 0 end
  return math.max(0, number('doubt') + GRACE - now)
end
-- The arguments begin with min_votes, share and the number of known replicas.
local function open_by(first)
  local v, o = redis.call('ZCARD', votes), redis.call('ZCARD', objections)
  local due = grace() == 0 or v >= tonumber(ARGV[first + 2])
  if due and v >= tonumber(ARGV[first]) and v >= tonumber(ARGV[first + 1]) * (v + o) then
    open(now + number('open_for'))
    return true
  end
  return false
end

local request = ARGV[1]
local changed, answer = false, 'done'
if request == 'vote' then
  -- 4 replica, 5 counts for, 6 epoch, 7-9 quorum, 10-13 opening
  if f.state == 'open' or holds() then
    answer = 'void'
  else
    exist(ARGV[6])
    redis.call('ZREM', objections, ARGV[4])
    redis.call('ZADD', votes, text(now + ARGV[5]), ARGV[4])
    if not f.doubt then set('doubt', now) end
    set_opening(10)
    open_by(7)
    changed = true
  end
elseif request == 'object' then
  -- 4 replica, 5 counts for
  if f.doubt and not redis.call('ZSCORE', votes, ARGV[4]) then
    redis.call('ZADD', objections, text(now + ARGV[5]), ARGV[4])
  else
    answer = 'void'
  end
elseif request == 'settle' then
  -- 4-6 quorum
  if f.doubt and not holds() and open_by(4) then changed = true else answer = 'void' end
elseif request == 'lease' then
  -- 4 lease
  if holds() and f.c_action == 'isolate' then
    answer = 'denied'
  elseif f.state ~= 'open' or (holds() and f.c_action == 'allow') then
    answer = 'alone'
  elseif now < number('until') or redis.call('ZCARD', leases) >= number('probes') then
    answer = 'denied'
  else
    redis.call('ZADD', leases, text(now + number('lease_for')), ARGV[4])
    answer = 'granted'
  end
elseif request == 'verdict' then
  -- 4 epoch, 5 generation, 6 lease, 7 verdict, 8-11 opening
  if f.epoch ~= ARGV[4] or f.generation ~= ARGV[5] or f.state ~= 'open' then
    answer = 'void'
  else
    redis.call('ZREM', leases, ARGV[6])
    if ARGV[7] == 'succeeded' then
      set('successes', number('successes') + 1)
      if number('successes') >= number('threshold') then
        close()
        changed = true
      end
    elseif ARGV[7] == 'failed' then
      set_opening(8)
      open(now + number('open_for'))
      changed = true
    end
  end
elseif request == 'recovered' then
  -- 4 epoch, 5 generation
  if f.epoch ~= ARGV[4] or f.generation ~= ARGV[5] or f.state ~= 'open' or now < number('until') or holds() then
    answer = 'void'
  else
    close()
    changed = true
  end
elseif request == 'command' then
  -- 4 epoch, 5 action, 6 reason, 7 by or '', 8 lasts or -1, 9-12 opening
  exist(ARGV[4])
  local lasts = tonumber(ARGV[8])
  unset('c_until')
  if ARGV[5] == 'trip' then
    set_opening(9)
    open(now + (lasts >= 0 and lasts or number('open_for')))
    set('c_until', f['until'])
  else
    close()
    if lasts >= 0 then set('c_until', now + lasts) end
  end
  set('c_generation', f.generation)
  set('c_action', ARGV[5])
  set('c_reason', ARGV[6])
  if ARGV[7] ~= '' then set('c_by', ARGV[7]) else unset('c_by') end
  changed = true
elseif request == 'restore' then
  -- 4 epoch, 5 generation, 6 open for or -1, 7-10 opening, 11 generation of the command or -1,
  -- 12 action, 13 reason, 14 by or '', 15 lasts or -1
  if not f.epoch or (f.epoch == ARGV[4] and number('generation') < tonumber(ARGV[5])) then
    close()
    set('epoch', ARGV[4])
    set('generation', ARGV[5])
    set_opening(7)
    if tonumber(ARGV[6]) >= 0 then
      set('state', 'open')
      set('until', now + ARGV[6])
    end
    for _, name in ipairs({'c_generation', 'c_action', 'c_reason', 'c_by', 'c_until'}) do unset(name) end
    if tonumber(ARGV[11]) >= 0 then
      set('c_generation', ARGV[11])
      set('c_action', ARGV[12])
      set('c_reason', ARGV[13])
      if ARGV[14] ~= '' then set('c_by', ARGV[14]) end
      if tonumber(ARGV[15]) >= 0 then set('c_until', now + ARGV[15]) end
    end
    changed = true
  else
    answer = 'void'
  end
end

local open_now = f.state == 'open'
local probes_in = open_now and number('until') - now or 0
local c_left = -1
if f.c_until then c_left = math.max(0, number('c_until') - now) end

if f.epoch then
  if request ~= 'read' then set('at', now) end
  -- The keys live as long as something holds, and for two more open times, but at least a minute. They
  -- are refreshed by each reader before half of their time is over.
  local longest = math.max(60000000, 2 * number('lease_for'))
  local ttl = longest + math.max(0, probes_in)
  if holds() then
    ttl = math.max(ttl, longest + (f.c_until and c_left or 3600000000))
  end
  for _, key in ipairs({votes, objections, leases}) do
    local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
    if last[2] then ttl = math.max(ttl, last[2] - now + 60000000) end
  end
  ttl = math.min(math.ceil(ttl / 1000), 4000000000000)
  if request ~= 'read' or redis.call('PTTL', record) < ttl / 2 and (open_now or holds() or f.doubt) then
    for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, text(ttl)) end
  end
end
if changed then redis.call('PUBLISH', ARGV[2], ARGV[3] .. ' ' .. text(now)) end

return {
  text(now), f.epoch or '0', f.generation or '0', open_now and 1 or 0, text(probes_in),
  f.lease_for or '0', f.probes or '0', f.threshold or '0', f.successes or '0',
  redis.call('ZCARD', votes), redis.call('ZCARD', objections), redis.call('ZRANGE', leases, 0, -1),
  f.doubt or '-1', text(grace()), changed and 1 or 0, answer,
  f.c_generation or '-1', f.c_action or '', f.c_reason or '', f.c_by or '', holds() and 1 or 0, text(c_left),
}
