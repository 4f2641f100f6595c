import NetworkModel
import SansIO

/// Measures what the NAT in front of it does with UDP. It knows nothing of the NAT, and waits for negative
/// results by asking for an answer that must come, some time after the one that may not.
///
/// Every experiment uses hosts (addresses in the LAN), ports and spots of its own, so that none disturbs the
/// mappings of another.
package struct UDPProber<Here: Vantage> {
  var here: Here
  var profile = Profile()
  /// By how much an answer came too late, at most: beyond ``Lifetime/latenessMax`` nothing that was measured
  /// counts, because it may be this machine's doing.
  package private(set) var lateness = Duration.zero
  /// Everything that arrived.
  var arrivals: [Arrival] = []
  private var nextID: UInt32 = 0
  private var nextPort: UInt16 = 20_000

  /// How much later than a packet that may not come the one comes that must.
  let margin = Duration.milliseconds(60)
  /// How long to wait for what must come, and again for what did not: a busy machine needs some time.
  private let patience: [Duration] = [.milliseconds(200), .milliseconds(300), .milliseconds(500)]

  package init(_ here: Here) { self.here = here }

  /// - Parameter sockets: how many to open in search of the end of a port block; 0: none.
  package mutating func measure(sockets: Int = 0) throws(Here.Failure) -> Profile {
    try measureMapping()
    if profile[.udpMapping] == nil { return profile }
    try measureFiltering()
    try measurePorts()
    try measurePooling()
    try measureHairpin()
    if sockets > 0 { try measureBlock(sockets) }
    try measureLives()
    return profile
  }

  // MARK: Experiments

  /// One socket, three remote endpoints: RFC 5780, section 4.3.
  private mutating func measureMapping() throws(Here.Failure) {
    let local = try socket(ofHost: 0)
    let spots = [Spot(0, 0), Spot(0, 1), Spot(1, 0)]
    let seen = try observe(spots.map { (local, $0) })
    guard let first = seen[0], let otherPort = seen[1], let otherAddress = seen[2] else { return }
    let mapping: NAT.Dependence =
      first != otherPort
      ? .addressAndPortDependent : first != otherAddress ? .addressDependent : .endpointIndependent
    profile[.udpMapping] = mapping.words
  }

  /// Answers from where nothing was sent to: RFC 5780, section 4.4.
  private mutating func measureFiltering() throws(Here.Failure) {
    let local = try socket(ofHost: 0)
    let spot = Spot(0, 2)
    let id = ask(
      local, spot, [.init(Spot(1, 3)), .init(Spot(0, 3)), .init(spot, after: margin)])
    guard try hears(2, to: id) else { return }
    let filtering: NAT.Dependence =
      answer(0, to: id) != nil
      ? .endpointIndependent : answer(1, to: id) != nil ? .addressDependent : .addressAndPortDependent
    profile[.udpFiltering] = filtering.words
  }

  /// A socket each on several hosts; ``measurePorts()`` has seen several of one host.
  private mutating func measurePooling() throws(Here.Failure) {
    if profile[.pooling] != nil { return }
    var pairs: [(Endpoint, Spot)] = []
    for host in 0..<6 { pairs.append((try socket(ofHost: host), Spot(0, 7))) }
    let addresses = Set(try observe(pairs).compactMap { $0?.address })
    profile[.pooling] = addresses.count > 1 ? "paired" : "one address"
  }

  /// Two hosts send to each other's external endpoint, until both must be willing to hear it.
  private mutating func measureHairpin() throws(Here.Failure) {
    let (one, other) = (try socket(ofHost: 4), try socket(ofHost: 5))
    let seen = try observe([(one, Spot(0, 6)), (other, Spot(0, 6))])
    guard let first = seen[0], let second = seen[1] else { return }
    let knock = Request(id: takeID(), []).bytes
    here.send(knock, from: one, to: second)
    here.send(knock, from: other, to: first)
    here.send(knock, from: one, to: second)
    let id = ask(other, Spot(0, 6), [.init(Spot(0, 6), after: margin)])
    guard try hears(0, to: id) else { return }
    let heard = arrivals.last { $0.local == other && $0.bytes == knock }
    let hairpin: NAT.Hairpin =
      heard.map { $0.remote.address == one.address ? .internalSource : .externalSource } ?? .none
    profile[.hairpin] = hairpin.words
  }

  /// Sockets of one host until no more are mapped: in bursts that no queue on the way is too short for.
  private mutating func measureBlock(_ limit: Int) throws(Here.Failure) {
    var mapped = 0
    // Before the first ones are forgotten, and their ports are free again.
    let due = here.now + .milliseconds(1500)
    while mapped < limit {
      var pairs: [(Endpoint, Spot)] = []
      for index in mapped..<min(limit, mapped + 32) {
        // To many spots, lest the queue of one be too short.
        pairs.append((try socket(ofHost: 6), Spot(index % 2, 8 + index / 2 % 8)))
      }
      let answered = try observe(pairs).count { $0 != nil }
      for (local, _) in pairs { here.close(local) }
      mapped += answered
      if answered == pairs.count { lag(since: due) }
      if answered < pairs.count { break }
    }
    profile[.block] = mapped < limit ? "\(mapped)" : "no limit"
  }

  // MARK: Asking

  mutating func socket(ofHost host: Int) throws(Here.Failure) -> Endpoint {
    defer { nextPort += 1 }
    return try socket(ofHost: host, port: nextPort)
  }

  mutating func socket(ofHost host: Int, port: UInt16) throws(Here.Failure) -> Endpoint {
    let local = Endpoint(Site.hosts[host], port)
    try here.open(local)
    return local
  }

  /// Sends a request, and returns what its answers are known by.
  mutating func ask(_ local: Endpoint, _ spot: Spot, _ wishes: [Request.Wish]) -> UInt32 {
    let id = takeID()
    for (index, wish) in wishes.enumerated() { expect(index, of: id, after: wish.delay) }
    here.send(Request(id: id, wishes).bytes, from: local, to: spot.endpoint)
    return id
  }

  private mutating func takeID() -> UInt32 {
    defer { nextID += 1 }
    return nextID
  }

  /// The external endpoint that each socket has towards a spot, asked in this order; nil without an answer.
  /// Whoever has none is asked again, twice: a queue may have been full.
  mutating func observe(_ pairs: [(Endpoint, Spot)]) throws(Here.Failure) -> [Endpoint?] {
    let requests = pairs.map { (local: $0, spot: $1, request: Request(id: takeID(), [.init($1)])) }
    for pause in patience {
      for (local, spot, request) in requests where answer(0, to: request.id) == nil {
        here.send(request.bytes, from: local, to: spot.endpoint)
      }
      try listen(until: here.now + pause) { prober in
        requests.allSatisfy { prober.answer(0, to: $0.request.id) != nil }
      }
    }
    return requests.map { answer(0, to: $0.request.id)?.observed }
  }

  private mutating func hears(_ wish: UInt8, to id: UInt32) throws(Here.Failure) -> Bool {
    try listen(until: here.now + .seconds(1) + margin) { prober in prober.answer(wish, to: id) != nil }
    return answer(wish, to: id) != nil
  }

  // MARK: Hearing

  /// Takes what arrives until the time has come or `isEnough`.
  mutating func listen(
    until deadline: Instant, _ isEnough: (borrowing Self) -> Bool = { _ in false }
  ) throws(Here.Failure) {
    while !isEnough(self), let arrival = try here.receive(until: deadline) {
      arrivals.append(arrival)
      guard let answer = Answer(arrival.bytes) else { continue }
      let key = Key(answer.id, answer.wish)
      answers[key] = answer
      if let due = dues.removeValue(forKey: key) { lateness = max(lateness, here.now - due) }
    }
  }

  private mutating func expect(_ wish: Int, of id: UInt32, after delay: UInt16) {
    dues[Key(id, UInt8(truncatingIfNeeded: wish))] = here.now + .milliseconds(Int(delay))
  }

  /// Of something that was to be done then.
  mutating func lag(since due: Instant) { lateness = max(lateness, here.now - due) }

  /// Of an answer that must have come by now.
  mutating func demand(_ id: UInt32) {
    if answer(0, to: id) == nil { lateness = .seconds(1000) }
  }

  func answer(_ wish: UInt8, to id: UInt32) -> Answer? { answers[Key(id, wish)] }

  private var answers: [Key: Answer] = [:]
  /// When answers should come, if they do.
  private var dues: [Key: Instant] = [:]

  private struct Key: Hashable {
    let id: UInt32
    let wish: UInt8

    init(_ id: UInt32, _ wish: UInt8) {
      self.id = id
      self.wish = wish
    }
  }
}
