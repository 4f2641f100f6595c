private import Glibc

/// One decoder or machine under attack.
struct FuzzTarget: Sendable {
  let name: String
  /// Asserts by `expect`; a return means that nothing is wrong with these bytes.
  let run: @Sendable (FuzzInput) -> Void
  /// Valid examples to begin with, by name.
  let seeds: @Sendable () -> [Seed]

  struct Seed: Sendable {
    let name: String
    let bytes: [UInt8]
  }

  init(
    _ name: String, seeds: @escaping @Sendable @autoclosure () -> [Seed] = [],
    run: @escaping @Sendable (FuzzInput) -> Void
  ) {
    self.name = name
    self.seeds = seeds
    self.run = run
  }

  static let all: [FuzzTarget] =
    wire + identity + multistream + noise + yamux + protocols + connection + node + protobuf + names + control
    + chat + localDiscovery + autoNAT + dcutr + circuitRelay

  static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

extension FuzzTarget.Seed {
  init(_ name: String, _ bytes: [UInt8]) {
    self.init(name: name, bytes: bytes)
  }

  init(_ name: String, _ text: String) {
    self.init(name: name, bytes: [UInt8](text.utf8))
  }
}

/// Stops the run as a find when a property does not hold.
func expect(
  _ holds: @autoclosure () -> Bool, _ property: @autoclosure () -> String, line: UInt = #line,
  file: StaticString = #fileID
) {
  if holds() { return }
  fatalError("violated: \(property())", file: file, line: line)
}

/// The value, or nil when it threw.
func attempt<Value, Failure: Error>(_ body: () throws(Failure) -> Value) -> Value? {
  do throws(Failure) { return try body() } catch { return nil }
}

/// What must not throw.
func certain<Value, Failure: Error>(
  _ what: @autoclosure () -> String, line: UInt = #line, file: StaticString = #fileID,
  _ body: () throws(Failure) -> Value
) -> Value {
  do throws(Failure) {
    return try body()
  } catch {
    fatalError("violated: \(what()): \(error)", file: file, line: line)
  }
}
