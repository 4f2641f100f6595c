import Glibc
import NIOCore
import Node
import SansIO

/// TXT records from the system's name servers: a datagram to each in turn, TCP where the answer is too long
/// for one. Blocks its thread.
struct TextLookup {
  private let configuration: Resolver.Configuration

  init(_ configuration: Resolver.Configuration) {
    self.configuration = configuration
  }

  func run(_ name: String) -> ResolutionAnswer {
    let servers = ResolvConf.servers(in: configuration.resolvConfPath, port: configuration.port)
    var reason = "the name servers do not answer"
    for _ in 0..<configuration.attempts {
      for server in servers {
        do {
          switch try ask(server, name) {
          case .texts(let texts)?: return .texts(texts)
          case .noSuchName?: return .failed("no such name")
          case .failed(let code)?: reason = "the name server failed with code \(code)"
          case .truncated?: reason = "the name server cuts its answer short"
          case nil: break
          }
        } catch .invalidName {
          return .failed("not a name")
        } catch {
          reason = "the name server's answer is malformed"
        }
      }
    }
    return .failed(reason)
  }

  /// Nil when the server does not answer in time.
  private func ask(
    _ server: SocketAddress, _ name: String
  ) throws(DNSMessage.Failure) -> DNSMessage.Answer? {
    let id = UInt16.random(in: .min ... .max)
    let question = try DNSMessage.question(id: id, name: name)
    let deadline = Instant.now + configuration.attemptTimeout
    guard let datagrams = BlockingSocket(.datagram, connectedTo: server, before: deadline),
      datagrams.send(question, before: deadline)
    else { return nil }
    // A connected socket takes datagrams of that server alone; of those, only the answer to this question.
    while let message = datagrams.receiveDatagram(before: deadline) {
      do {
        let answer = try DNSMessage.answer(in: message, id: id, name: name)
        return answer == .truncated ? try askLong(server, question, id, name) : answer
      } catch .unrelated {
        continue
      }
    }
    return nil
  }

  /// Over TCP a message follows its length (RFC 1035, 4.2.2).
  private func askLong(
    _ server: SocketAddress, _ question: ByteBuffer, _ id: UInt16, _ name: String
  ) throws(DNSMessage.Failure) -> DNSMessage.Answer? {
    let deadline = Instant.now + configuration.attemptTimeout
    var framed = ByteBuffer()
    framed.writeInteger(UInt16(question.readableBytes))
    framed.writeImmutableBuffer(question)
    guard let stream = BlockingSocket(.stream, connectedTo: server, before: deadline),
      stream.send(framed, before: deadline),
      let length = stream.receive(exactly: 2, before: deadline)?.getInteger(at: 0, as: UInt16.self),
      let message = stream.receive(exactly: Int(length), before: deadline)
    else { return nil }
    return try DNSMessage.answer(in: message, id: id, name: name)
  }
}
