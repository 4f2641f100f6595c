import Meshwork

/// `--listen MULTIADDR`… (default: any port of both loopback addresses) and `--keylog FILE`.
struct Arguments {
  var listen: [Multiaddr] = []
  var keyLog: String?

  init(_ words: some Sequence<String>) throws {
    var rest = words.makeIterator()
    while let flag = rest.next() {
      guard let value = rest.next() else { throw Mistake("\(flag) needs a value") }
      switch flag {
      case "--listen": listen.append(try Multiaddr(value))
      case "--keylog": keyLog = value
      default: throw Mistake("unknown flag \(flag)")
      }
    }
    if listen.isEmpty {
      listen = [try Multiaddr("/ip4/127.0.0.1/tcp/0"), try Multiaddr("/ip6/::1/tcp/0")]
    }
  }
}

/// What went wrong, in a sentence.
struct Mistake: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
