-- Takes what is left of each balance, which its counter will have to ask the database for again.
-- Debts stay. Returns what was taken.
local taken = {}
for i, key in ipairs(KEYS) do
  local left = tonumber(redis.call('HGET', key, 'n') or '0')
  taken[i] = math.max(left, 0)
  if left > 0 then redis.call('HSET', key, 'n', '0') end
end
return taken
