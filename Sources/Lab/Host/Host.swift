import CLinux
import Glibc
package import NetworkModel
import SansIO

/// A host of the laboratory: a network, mount and UTS namespace of its own, its TUN devices, and the thread
/// that lives in there.
///
/// What must happen inside happens on that thread: sockets and devices are made in the namespaces of the
/// thread that makes them, and so are processes. It outlives every process it starts, because they are
/// killed when it ends. Calls from other threads wait for their turn on it.
package final class Host: Sendable {
  package let name: String
  /// Of each interface in the description, in its order: what the fabric reads and writes.
  package let devices: [(id: InterfaceID, descriptor: Descriptor)]

  private let mailbox: Monitor<Mailbox>
  private let thread: Thread

  fileprivate struct Mailbox {
    /// Each caller waits for its job, so there are never more than there are callers.
    var jobs: [@Sendable (inout HostInterior) -> Void] = []
    var isClosed = false
  }

  /// Starts the host's thread; the host is being built when this returns.
  static func building(_ description: HostDescription) throws(LabError) -> Construction {
    if let problem = description.problem { throw .description(problem) }
    let mailbox = Monitor(Mailbox())
    let outcome = Monitor<Result<[Descriptor], SystemError>?>(nil)
    let thread = try attempting("start the thread of \(description.name)") { () throws(SystemError) in
      try Thread("host-\(description.name)") {
        var interior: HostInterior
        let devices: [Descriptor]
        do throws(SystemError) {
          interior = try HostInterior(description)
          devices = try interior.build()
          outcome.withLock { $0 = .success(devices) }
        } catch {
          outcome.withLock { $0 = .failure(error) }
          return
        }
        while let job = Self.nextJob(mailbox) { job(&interior) }
        for device in devices { device.close() }
      }
    }
    return Construction(description: description, mailbox: mailbox, thread: thread, outcome: outcome)
  }

  /// A host on its way: many are built at once, and then awaited.
  struct Construction {
    fileprivate let description: HostDescription
    fileprivate let mailbox: Monitor<Mailbox>
    fileprivate let thread: Thread
    fileprivate let outcome: Monitor<Result<[Descriptor], SystemError>?>

    func finished() throws(LabError) -> Host {
      switch outcome.wait({ $0 }) {
      case .success(let devices)?: return Host(self, devices)
      case .failure(let error)?: throw .system("build the host \(description.name)", error)
      case nil: throw .ended(description.name)
      }
    }
  }

  private init(_ construction: Construction, _ devices: [Descriptor]) {
    name = construction.description.name
    self.devices = zip(construction.description.interfaces, devices).map { ($0.id, $1) }
    mailbox = construction.mailbox
    thread = construction.thread
  }

  /// Ends the thread, and with it every process it started; its devices hold the namespace, and go too.
  func startEnding() { mailbox.withLock { $0.isClosed = true } }

  /// Waits for that. Call once.
  func end() {
    startEnding()
    thread.join()
  }

  // MARK: Its thread

  private static func nextJob(_ mailbox: Monitor<Mailbox>) -> (@Sendable (inout HostInterior) -> Void)? {
    mailbox.wait { mailbox -> (@Sendable (inout HostInterior) -> Void)?? in
      if !mailbox.jobs.isEmpty { return mailbox.jobs.removeFirst() }
      return mailbox.isClosed ? .some(nil) : nil
    } ?? nil
  }

  /// Runs `body` on the host's thread, inside its namespaces, and waits for it.
  func perform<Value: Sendable>(
    _ what: String, _ body: @escaping @Sendable (inout HostInterior) throws(SystemError) -> Value
  ) throws(LabError) -> Value {
    let outcome = Monitor<Result<Value, SystemError>?>(nil)
    let isAccepted = mailbox.withLock { mailbox in
      if mailbox.isClosed { return false }
      mailbox.jobs.append { interior in
        let result: Result<Value, SystemError>
        do throws(SystemError) {
          result = .success(try body(&interior))
        } catch {
          result = .failure(error)
        }
        outcome.withLock { $0 = result }
      }
      return true
    }
    guard isAccepted, let result = outcome.wait({ $0 }) else { throw .ended(name) }
    do throws(SystemError) {
      return try result.get()
    } catch {
      throw .system("\(what) (\(name))", error)
    }
  }
}

// MARK: Changes while it runs

extension Host {
  /// Takes an interface down, or up again with the addresses and routes it had.
  package func setLink(_ interface: String, isUp: Bool) throws(LabError) {
    try perform("set \(interface) \(isUp ? "up" : "down")") { interior throws(SystemError) in
      try interior.setLink(interface, isUp: isUp)
    }
  }

  /// Replaces an interface's addresses and routes: the host has moved to another network, or was renumbered.
  package func readdress(
    _ interface: String, addresses: [InterfaceAddress], routes: [Route]
  ) throws(LabError) {
    try perform("readdress \(interface)") { interior throws(SystemError) in
      try interior.readdress(interface, addresses: addresses, routes: routes)
    }
  }

  /// Changes a kernel setting of this host, such as `net/ipv4/tcp_mtu_probing`.
  package func set(_ sysctl: String, to value: String) throws(LabError) {
    try perform("set \(sysctl) to \(value)") { _ throws(SystemError) in
      try SmallFile.write(value, to: "/proc/sys/\(sysctl)")
    }
  }

  /// What the kernel counted on each interface.
  package func counters() throws(LabError) -> [InterfaceID: LinkCounters] {
    try perform("read the counters") { interior throws(SystemError) in try interior.counters() }
  }
}
