import Meshwork

/// `--listen MULTIADDR`… (default: any port of both loopback addresses) or `--listen nowhere`,
/// `--relay MULTIADDR`… to be reachable through, `--keylog FILE`, and `--serve relay` to be a relay.
struct Arguments {
  var listen: [Multiaddr] = []
  var isHidden = false
  var relays: [Multiaddr] = []
  var servesAsRelay = false
  var keyLog: String?

  init(_ words: some Sequence<String>) throws {
    var rest = words.makeIterator()
    while let flag = rest.next() {
      guard let value = rest.next() else { throw Mistake("\(flag) needs a value") }
      switch flag {
      case "--listen" where value == "nowhere": isHidden = true
      case "--listen": listen.append(try Multiaddr(value))
      case "--relay": relays.append(try Multiaddr(value))
      case "--serve" where value == "relay": servesAsRelay = true
      case "--keylog": keyLog = value
      default: throw Mistake("unknown flag \(flag)")
      }
    }
    if listen.isEmpty, !isHidden {
      listen = [try Multiaddr("/ip4/127.0.0.1/tcp/0"), try Multiaddr("/ip6/::1/tcp/0")]
    }
  }
}

/// What went wrong, in a sentence.
struct Mistake: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
