-- The permits of one rate limit: the same as store/permits.rs, step by step.
-- KEYS: permits. ARGV: limit, per, burst, wanted, spent.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, per, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wanted, spent = tonumber(ARGV[4]), tonumber(ARGV[5])

-- 17 digits are the number itself.
local function text(n) return string.format('%.17g', n) end

local record, flat = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do record[flat[i]] = tonumber(flat[i + 1]) end
local used, at = record.used or 0, record.at or 0
local passed = math.max(0, now - at)
used = math.max(0, used - passed * limit / per) + spent
local granted = math.max(0, math.floor(math.min(wanted, burst - used)))
used = used + granted
if granted > 0 or spent > 0 or now < at then
  redis.call('HSET', KEYS[1], 'used', text(used), 'at', text(now))
  -- The key is of no use when the bucket is empty.
  local empty_in = math.min(math.ceil(used * per / limit / 1000), 4000000000000)
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', empty_in + 60000))
end
-- The longest time that the store keeps is 2^50 microseconds.
local next_in = math.min(math.ceil(math.max(0, used + 1 - burst) * per / limit), 1125899906842624)
return {string.format('%.0f', now), string.format('%.0f', granted), string.format('%.0f', next_in), text(used)}
