// The vocabulary every machine shares: time, deadlines, entropy, bounded queues, blame.
//
// A machine is a value. Its driver pushes bytes and the time in, pulls typed events out one at a time until
// there are none, drains the bytes it wants sent, and calls it again no later than its deadline:
//
//   receive(_:at:)          inputs, from below
//   open, write, close …    commands, from above
//   advance(to:), deadline  time
//   nextEvent()             outputs, pulled until nil
//   drainOutbound(into:)    bytes, appended to the caller's buffer
//
// Reading order: Instant, DeadlineQueue, SeededGenerator, BoundedQueue, TokenBucket, RateLimiter, Fault.
