-- Ends a reservation: gives back what was held and not used, or takes what was used beyond it.
-- ARGV: the reservation, and for each key keeping, amount held, amount to give back (negative: to take),
--   time to live (ms).
-- Returns what each balance is then: a negative one is a debt.
local id = ARGV[1]
local found = {}
for i, key in ipairs(KEYS) do
  local at = 1 + (i - 1) * 4
  local keeping, held, back = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  found[i] = 0
  if keeping == 'slots' then
    redis.call('ZREM', key, id)
  elseif keeping == 'balance' then
    found[i] = redis.call('HINCRBY', key, 'n', back)
    redis.call('PEXPIRE', key, ARGV[at + 4])
  elseif redis.call('EXISTS', key) == 1 then
    -- Used is what was held, less what is given back.
    local left = tonumber(redis.call('HGET', key, 'n') or '0') - tonumber(back)
    redis.call('HSET', key, 'n', string.format('%.0f', math.max(left, 0)))
  end
  if keeping ~= 'slots' and redis.call('EXISTS', key) == 1 then
    local held_by_others = tonumber(redis.call('HGET', key, 'r') or '0') - tonumber(held)
    redis.call('HSET', key, 'r', string.format('%.0f', math.max(held_by_others, 0)))
  end
end
return found
