import NIOCore
import NIOPosix
import Node

/// Asks the name system, away from the event loop.
///
/// Hosts go through the C library, so that `/etc/hosts` and `nsswitch.conf` mean what they mean to every
/// other program; texts go to the system's name servers (``TextLookup``).
package final class Resolver {
  private let loop: any EventLoop
  private let configuration: Configuration

  init(loop: any EventLoop, configuration: Configuration) {
    self.loop = loop
    self.configuration = configuration
  }

  /// Never fails: a failure is an answer. Comes after ``Configuration/timeout`` at the latest.
  func resolve(_ question: Resolution) -> EventLoopFuture<ResolutionAnswer> {
    let promise = loop.makePromise(of: ResolutionAnswer.self)
    let timeout = loop.scheduleTask(in: TimeAmount(configuration.timeout)) {
      promise.succeed(.failed("timed out"))
    }
    let configuration = configuration
    NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
      switch question {
      case .host(let name, let family): HostLookup.run(name, family)
      case .text(let name): TextLookup(configuration).run(name)
      }
    }.whenComplete { result in
      timeout.cancel()
      switch result {
      case .success(let answer): promise.succeed(answer)
      case .failure(let error): promise.succeed(.failed("\(error)"))
      }
    }
    return promise.futureResult
  }
}

extension Resolver {
  package struct Configuration: Sendable {
    /// Where the system's name servers are listed.
    package var resolvConfPath = "/etc/resolv.conf"
    /// The port of name servers; 53 but in tests.
    package var port = 53
    /// For one question to one server.
    package var attemptTimeout = Duration.seconds(3)
    /// Rounds over all servers.
    package var attempts = 2
    /// For a whole answer, whatever was tried.
    package var timeout = Duration.seconds(15)

    package init() {}
  }
}
