import CSodium

/// The way into libsodium, which must be initialised once before anything else of it is called.
package enum Sodium {
  private static let initialised: Void = {
    precondition(sodium_init() >= 0, "libsodium cannot initialise: the system gives no entropy")
  }()

  /// Cheap after the first call, from any thread.
  package static func initialise() { initialised }

  package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    initialise()
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    let status = crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
    precondition(status == 0, "libsodium's SHA-256 cannot fail")
    return digest
  }
}
