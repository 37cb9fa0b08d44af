-- What wrk found, as one line of JSON. It counts times in microseconds.
done = function(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '\n{"answers": %d, "failed": %d, "seconds": %f, "p99": %f}\n',
    summary.requests, failed, summary.duration / 1e6, latency:percentile(99) / 1e3
  ))
end
