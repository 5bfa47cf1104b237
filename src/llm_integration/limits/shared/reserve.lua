-- Asks every counter of a call at once: all have room and hold it back, or none is changed.
-- ARGV: now (ms), the reservation, when its lease ends (ms), and for each key
--   keeping, amount, limit, time to live (ms), a deposit to a balance, all that is set aside.
-- Returns whether there was room, and for each key its count, what of it is held back, what is set aside.
-- Amounts stay below 2^53, where a Lua number is exact; they are passed on as the text that came.
local now, id, lease = ARGV[1], ARGV[2], ARGV[3]
local function argument(i, n) return ARGV[3 + (i - 1) * 6 + n] end

local room, found = 1, {}
for i, key in ipairs(KEYS) do
  local keeping, amount, limit = argument(i, 1), tonumber(argument(i, 2)), tonumber(argument(i, 3))
  if keeping == 'slots' then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    local used = redis.call('ZCARD', key)
    found[i] = { used, used, 0 }
    if used + amount > limit then room = 0 end
  else
    if argument(i, 6) ~= '0' then
      redis.call('HINCRBY', key, 'n', argument(i, 5))
      redis.call('HSET', key, 's', argument(i, 6))
      redis.call('PEXPIRE', key, argument(i, 4))
    end
    local fields = redis.call('HMGET', key, 'n', 'r', 's')
    local n, set_aside = tonumber(fields[1] or '0'), tonumber(fields[3] or '0')
    found[i] = { n, tonumber(fields[2] or '0'), set_aside }
    if amount > 0 then
      if keeping == 'count' and n + amount > limit then room = 0 end
      if keeping == 'balance' then
        local suffices = n >= amount and set_aside > 0
        if not suffices or set_aside - n + amount > limit then room = 0 end
      end
    end
  end
end

if room == 1 then
  for i, key in ipairs(KEYS) do
    local keeping, amount = argument(i, 1), argument(i, 2)
    if keeping == 'slots' then
      redis.call('ZADD', key, lease, id)
      redis.call('PEXPIRE', key, argument(i, 4))
    elseif amount ~= '0' then
      redis.call('HINCRBY', key, 'n', keeping == 'count' and amount or '-' .. amount)
      redis.call('HINCRBY', key, 'r', amount)
      redis.call('PEXPIRE', key, argument(i, 4))
    end
  end
end
return { room, found }
