-- Requests for `lastseat bench http`. Arguments: what to send, a text that no other window has, the
-- bookable, a credential or "-".
--   empty    an empty JSON object
--   plain    a booking for a new actor
--   keyed    the same under a new Idempotency-Key

local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  what, window, bookable = args[1], args[2], args[3]
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  if args[4] ~= "-" then
    wrk.headers["Authorization"] = "Bearer " .. args[4]
  end
  count = 0
  if what == "empty" then
    ready = wrk.format(nil, nil, nil, "{}")
  end
end

function request()
  if ready then
    return ready
  end
  count = count + 1
  local name = window .. "-" .. number .. "-" .. count
  if what == "keyed" then
    wrk.headers["Idempotency-Key"] = name
  end
  local body = '{"bookable":"' .. bookable .. '","actor":"' .. name .. '"}'
  return wrk.format(nil, nil, nil, body)
end

function done(summary, latency)
  io.write(string.format(
    'told {"requests":%d,"us":%d,"refused":%d,"broken":%d,"p50_us":%d,"p99_us":%d}\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
