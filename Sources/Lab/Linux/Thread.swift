import CLinux
import Glibc

/// A long-lived thread of the laboratory. It never runs Swift concurrency: some of them live in namespaces of
/// their own, which no task may find itself in.
package final class Thread: Sendable {
  private let handle: pthread_t

  /// Starts `body` on a thread of that name (at most 15 bytes are shown by the system).
  ///
  /// The stack is small, because a laboratory of a hundred hosts has a hundred of these, and nothing
  /// recurses.
  package init(
    _ name: String, stackBytes: Int = 512 << 10, _ body: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    final class Start {
      let name: String
      let body: @Sendable () -> Void
      init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
      }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackBytes)
    let start = Unmanaged.passRetained(Start(name, body))
    var handle = pthread_t()
    let code = pthread_create(
      &handle, &attributes,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        linux_name_thread(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      start.release()
      throw SystemError("start the thread \(name)", code: code)
    }
    self.handle = handle
  }

  /// Waits for its end. Call once.
  package func join() { pthread_join(handle, nil) }
}
