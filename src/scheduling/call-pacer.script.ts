/**
 * The time of a call of an integration with a rate, reserved when the call is about to be made. A slot has an exact time, but
 * what is done between the slot and the call takes its time too: where that varies, calls would clump.
 *
 * A call is held back by the Generic Cell Rate Algorithm, as slots are, and until the call that is a burst and a whole span
 * of the rate before it is longer ago than that span: a call is under way for a while as well.
 *
 * KEYS: 1 gate, 2 slots, as in the scripts of the admission, 3 calls (list: when the last ones were to be made).
 * ARGV: 1 milliseconds between two calls, 2 burst, 3 how many calls 4 milliseconds may have.
 * Answers: milliseconds until the call may be made.
 */
export const PACE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local gateKey, slotsKey, callsKey = KEYS[1], KEYS[2], KEYS[3]
local interval, burst, most, span = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local KEPT_MS = 172800000

local gate = redis.call('HMGET', gateKey, 'paced', 'next')
local paced, nextAt = tonumber(gate[1] or 0), tonumber(gate[2] or 0)
local at = math.max(now, math.ceil(paced - (burst - 1) * interval))
paced = math.max(paced, now) + interval

local first = redis.call('LINDEX', callsKey, -most)
if first then at = math.max(at, math.ceil(tonumber(first) + span)) end
redis.call('RPUSH', callsKey, at)
redis.call('LTRIM', callsKey, -most, -1)
redis.call('PEXPIRE', callsKey, math.ceil(at - now + span))

redis.call('HSET', gateKey, 'paced', tostring(paced))
-- Calls are behind their slots: the slots that are yet to be given begin behind those that are given already.
if at > now then
  local ahead = redis.call('ZCOUNT', slotsKey, '(' .. now, '+inf')
  redis.call('HSET', gateKey, 'next', tostring(math.max(nextAt, paced + ahead * interval)))
end
redis.call('PEXPIRE', gateKey, KEPT_MS)
return at - now
`;
