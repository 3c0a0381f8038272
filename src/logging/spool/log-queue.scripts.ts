/**
 * KEYS: 1 stream, 2 bytes of its entries.
 * ARGV: 1 bytes that it may hold, 2 bytes of these entries, 3 milliseconds that it is kept, 4... the entries.
 * Answers: the id of the last one, or nil where they do not fit.
 */
export const KEEP = `
local held = tonumber(redis.call('GET', KEYS[2]) or 0)
if held + tonumber(ARGV[2]) > tonumber(ARGV[1]) then return false end
local id
for index = 4, #ARGV do id = redis.call('XADD', KEYS[1], '*', 'e', ARGV[index]) end
redis.call('INCRBY', KEYS[2], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return id
`;

/**
 * One process at a time empties the stream; the claim runs out with it. Two at once would do no harm but the work twice.
 * KEYS: 1 stream, 2 claim. ARGV: 1 who asks, 2 milliseconds of the claim, 3 how many.
 * Answers: the oldest entries as [id, [name, entry]], or nil where another process has the claim.
 */
export const TAKE = `
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return false end
local taken = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[3])
if #taken > 0 then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
elseif holder then redis.call('DEL', KEYS[2]) end
return taken
`;

/** KEYS: 1 stream, 2 bytes. ARGV: the ids to remove, each with its bytes. What is gone already is not counted again. */
export const REMOVE = `
for index = 1, #ARGV, 2 do
  if redis.call('XDEL', KEYS[1], ARGV[index]) == 1 then redis.call('DECRBY', KEYS[2], ARGV[index + 1]) end
end
if redis.call('XLEN', KEYS[1]) == 0 then redis.call('DEL', KEYS[1], KEYS[2]) end
`;
