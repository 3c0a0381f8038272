/**
 * The scripts that decide which tries of deliveries may be in the lane. Each looks at one integration, is atomic, and reads
 * the time of Redis, so that processes with different clocks agree.
 *
 * A due try first joins the window, from which the oldest get slots, and a try with a slot is put into the lane. What finds
 * the window full stays in MongoDB; the gate remembers that there is such a backlog.
 *
 * KEYS: 1 slots (sorted set: try → when it may start), 2 jobs (hash: try → its job, `asked:` and a try → it was asked for
 * again while it had its slot), 3 gate (hash: rate, breaker, backlog),
 * 4 crowd (set: integrations of the tenant with tries that have no slot), 5 workers (sorted set: `id|calls` → expiry),
 * 6 window (sorted set: try → when it is due).
 * ARGV: 1 integration id, 2 prefix of the lane's jobs, 3 calls at a time where no worker has reported, 4 the integration's own
 * concurrency or 0, 5 milliseconds between two calls or 0 (rate), 6 burst, 7 how far ahead a slot may lie (ms),
 * 8 id of the jobs to make, 9 tries per job, 10 slots per call, then what the script itself says.
 *
 * The rate is the Generic Cell Rate Algorithm as a virtual schedule (ITU-T I.371, annex A): each slot is an exact time, and
 * a time is given once, so that no two tries ever wake for the same one.
 */
const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local slotsKey, jobsKey, gateKey, crowdKey, workersKey, windowKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local integration, lane = ARGV[1], ARGV[2]

-- Of all slots, what one tenant may hold; of all calls, what an integration may hold whose tries take longer than SLOW_MS,
-- several times what they take to be read and recorded by a worker that has no slot left.
local SHARE, SLOW_SHARE, SLOW_MS = 0.6, 0.1, 2000
-- Calls by which an open breaker finds out whether the vendor is back, and a cool-down whether it takes calls again.
local PROBES = 2
-- A vendor that throttles and does not say for how long is left alone for so long, twice as long each time: 1, 2, 4, ... 60 s.
local COOL_MS, MAX_COOL_MS = 1000, 60000
-- Tries of one integration that wait in Redis.
local WINDOW = 1000
local KEPT_MS = 172800000

local function capacity()
  redis.call('ZREMRANGEBYSCORE', workersKey, '-inf', now)
  local calls = 0
  for _, worker in ipairs(redis.call('ZRANGE', workersKey, 0, -1)) do
    calls = calls + tonumber(string.match(worker, '|(%d+)$'))
  end
  return calls > 0 and calls or tonumber(ARGV[3])
end

-- A slot whose job is gone was left behind by a process that died, or by a lost answer.
local function isLost(try, since)
  if now - since < 10000 then return false end
  local job = redis.call('HGET', jobsKey, try)
  return not job or redis.call('EXISTS', lane .. job) == 0
end

local function free(try)
  redis.call('ZREM', slotsKey, try)
  redis.call('HDEL', jobsKey, try, 'asked:' .. try)
end

local function freeLost()
  local oldest = redis.call('ZRANGEBYSCORE', slotsKey, '-inf', now - 10000, 'WITHSCORES', 'LIMIT', 0, 20)
  for i = 1, #oldest, 2 do
    if isLost(oldest[i], tonumber(oldest[i + 1])) then free(oldest[i]) end
  end
end

-- How many tries of the integration may be in the lane.
local function limit()
  if redis.call('HEXISTS', gateKey, 'openUntil') == 1 or redis.call('HEXISTS', gateKey, 'throttled') == 1 then return PROBES end
  local calls = capacity()
  local sharing = redis.call('SCARD', crowdKey)
  if redis.call('SISMEMBER', crowdKey, integration) == 0 then sharing = sharing + 1 end
  local most = math.max(4, math.floor(calls * tonumber(ARGV[10]) * SHARE / sharing))
  local slow = math.max(2, math.floor(calls * SLOW_SHARE))
  if redis.call('ZCOUNT', slotsKey, '-inf', now - SLOW_MS) >= slow then most = math.min(most, slow) end
  local own = tonumber(ARGV[4])
  if own > 0 then most = math.min(most, own) end
  return most
end

-- Gives the free slots to the oldest of the window, and adds for each: try, wait in ms, number of its job.
local function fill(answer)
  local interval, burst, horizon, job, perJob = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], tonumber(ARGV[9])
  local gate = redis.call('HMGET', gateKey, 'next', 'coolUntil', 'openUntil')
  local nextAt = tonumber(gate[1] or 0)
  local earliest = math.max(now, tonumber(gate[2] or 0), tonumber(gate[3] or 0))
  local most = limit()
  local free = most - redis.call('ZCARD', slotsKey)
  if free <= 0 then
    freeLost()
    free = most - redis.call('ZCARD', slotsKey)
  end
  local number, filled, lastAt = 0, perJob, -1
  while free > 0 do
    local at = math.ceil(math.max(earliest, nextAt - (burst - 1) * interval))
    if at - now > horizon then break end
    local try = redis.call('ZPOPMIN', windowKey)[1]
    if not try then break end
    if interval > 0 then nextAt = math.max(nextAt, earliest) + interval end
    if at ~= lastAt or filled >= perJob then number, filled, lastAt = number + 1, 0, at end
    filled, free = filled + 1, free - 1
    redis.call('ZADD', slotsKey, at, try)
    redis.call('HSET', jobsKey, try, job .. number)
    table.insert(answer, try)
    table.insert(answer, at - now)
    table.insert(answer, number)
  end
  if interval > 0 then redis.call('HSET', gateKey, 'next', tostring(nextAt)) end
end

-- How many more of the backlog fit into the window, where it is time to read it; then the caller reads it.
local function roomForBacklog()
  local waiting = redis.call('ZCARD', windowKey)
  if redis.call('HEXISTS', gateKey, 'backlog') == 0 or waiting * 4 > WINDOW then return 0 end
  redis.call('HDEL', gateKey, 'backlog')
  return WINDOW - waiting
end

local function settle()
  if redis.call('ZCARD', windowKey) > 0 or redis.call('HEXISTS', gateKey, 'backlog') == 1 then
    redis.call('SADD', crowdKey, integration)
  else
    redis.call('SREM', crowdKey, integration)
  end
  for _, key in ipairs({ slotsKey, jobsKey, gateKey, crowdKey, windowKey }) do redis.call('PEXPIRE', key, KEPT_MS) end
end
`;

/**
 * Lets due tries join the window, and fills the free slots. A try that has its slot, or waits already, changes nothing; but
 * if it has been parked and its slot is still on its way back, it joins the window then.
 *
 * ARGV: 11 `fresh` (must queue behind a backlog) or `backlog`, 12 `1` where more of the backlog is in MongoDB, 13… for each
 * try: the try, and when it was due (ms).
 * Answers: room in the window for the backlog, which the caller then reads, then as 'fill' says.
 */
export const ADMIT = `${PRELUDE}
local behind = ARGV[11] == 'fresh' and redis.call('HEXISTS', gateKey, 'backlog') == 1
local waiting = redis.call('ZCARD', windowKey)
local left = ARGV[12] == '1'
for i = 13, #ARGV, 2 do
  local try = ARGV[i]
  local since = redis.call('ZSCORE', slotsKey, try)
  if since and isLost(try, tonumber(since)) then
    free(try)
    since = false
  end
  if since then
    redis.call('HSET', jobsKey, 'asked:' .. try, 1)
  elseif not redis.call('ZSCORE', windowKey, try) then
    if behind or waiting >= WINDOW then
      left = true
    else
      redis.call('ZADD', windowKey, ARGV[i + 1], try)
      waiting = waiting + 1
    end
  end
end
local answer = { 0 }
fill(answer)
if left then redis.call('HSET', gateKey, 'backlog', 1) end
-- Who brings the backlog has just read it; the rest of it follows when slots are given back.
if ARGV[11] == 'fresh' then answer[1] = roomForBacklog() end
settle()
return answer
`;

/**
 * Takes the slots of tries back, tells the breaker what became of them, and fills the free slots.
 *
 * ARGV: 11 failures (0 to 1) that open the breaker, 12 calls before it may, 13 window (ms), 14 how long it opens (ms), then
 * for each try: the try, `ok` | `failed` | `parked` | `again` | `cool`, and for `cool` the milliseconds that the vendor asked for,
 * or 0 where it did not say.
 * Answers: room in the window for the backlog, which the caller then reads, ms until the breaker's next probe or 0,
 * `opened` | `closed` | '', ms since it first opened or 0, ms until the vendor has cooled down or 0, then as 'fill' says.
 */
export const RELEASE = `${PRELUDE}
local ratio, least, window, openMs = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local change = ''
local gate = redis.call('HMGET', gateKey, 'openUntil', 'openSince', 'opens', 'probesOk', 'period', 'calls', 'failures', 'callsBefore', 'failuresBefore', 'coolUntil', 'throttled')
local openUntil, openSince, opens, probesOk = tonumber(gate[1] or 0), tonumber(gate[2] or 0), tonumber(gate[3] or 0), tonumber(gate[4] or 0)
local period, calls, failures = tonumber(gate[5] or 0), tonumber(gate[6] or 0), tonumber(gate[7] or 0)
local callsBefore, failuresBefore = tonumber(gate[8] or 0), tonumber(gate[9] or 0)
local cool, throttled = tonumber(gate[10] or 0), tonumber(gate[11] or 0)

-- The window slides by halves: what counts is the current half and the one before.
local current = math.floor(now * 2 / window)
if current ~= period then
  if current == period + 1 then callsBefore, failuresBefore = calls, failures else callsBefore, failuresBefore = 0, 0 end
  period, calls, failures = current, 0, 0
end

local function openAgain()
  opens = opens + 1
  openUntil = now + math.min(openMs * 2 ^ (opens - 1), math.max(openMs, 600000))
  probesOk = 0
end

for i = 15, #ARGV, 3 do
  local outcome = ARGV[i + 1]
  if outcome == 'parked' and redis.call('HEXISTS', jobsKey, 'asked:' .. ARGV[i]) == 1 then outcome = 'again' end
  free(ARGV[i])
  if outcome == 'again' then redis.call('ZADD', windowKey, now, ARGV[i]) end
  local asked = tonumber(ARGV[i + 2])
  if outcome == 'cool' and asked > 0 then
    cool = math.max(cool, now + asked)
  -- While it cools down, what comes are answers to calls that began before.
  elseif outcome == 'cool' and now >= cool then
    cool = now + math.min(MAX_COOL_MS, COOL_MS * 2 ^ throttled)
    throttled = throttled + 1
  elseif outcome == 'ok' and now >= cool then
    throttled = 0
  end
  if outcome == 'ok' or outcome == 'failed' or outcome == 'cool' then
    if openUntil > 0 then
      -- While it is open, only probes count; others began before.
      if now >= openUntil then
        if outcome == 'failed' then
          openAgain()
        else
          probesOk = probesOk + 1
          if probesOk >= PROBES then
            openUntil, openSince, opens, probesOk, calls, failures, callsBefore, failuresBefore = 0, 0, 0, 0, 0, 0, 0, 0
            change = 'closed'
          end
        end
      end
    else
      calls = calls + 1
      if outcome == 'failed' then failures = failures + 1 end
      local all = calls + callsBefore
      if outcome == 'failed' and all >= least and (failures + failuresBefore) / all >= ratio then
        openSince = now
        openAgain()
        change = 'opened'
      end
    end
  end
end

redis.call('HSET', gateKey, 'period', period, 'calls', calls, 'failures', failures, 'callsBefore', callsBefore, 'failuresBefore', failuresBefore)
if cool > now then redis.call('HSET', gateKey, 'coolUntil', cool) else redis.call('HDEL', gateKey, 'coolUntil') end
if throttled > 0 then redis.call('HSET', gateKey, 'throttled', throttled) else redis.call('HDEL', gateKey, 'throttled') end
if openUntil > 0 then
  redis.call('HSET', gateKey, 'openUntil', openUntil, 'openSince', openSince, 'opens', opens, 'probesOk', probesOk)
elseif change == 'closed' then
  redis.call('HDEL', gateKey, 'openUntil', 'openSince', 'opens', 'probesOk')
end

local answer = { 0, math.max(0, openUntil - now), change, openSince > 0 and now - openSince or 0, math.max(0, cool - now) }
fill(answer)
answer[1] = roomForBacklog()
settle()
return answer
`;

/** What a person may know of an integration's gate. ARGV: as the prelude says. */
export const LOOK = `${PRELUDE}
local gate = redis.call('HMGET', gateKey, 'openUntil', 'openSince', 'coolUntil')
return {
  redis.call('ZCARD', slotsKey),
  limit(),
  math.max(0, tonumber(gate[1] or 0) - now),
  gate[2] and now - tonumber(gate[2]) or 0,
  math.max(0, tonumber(gate[3] or 0) - now),
  gate[1] and 1 or 0,
  redis.call('ZCARD', windowKey),
}
`;
