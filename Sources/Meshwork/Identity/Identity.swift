public import Identity
import SansIO

/// Who a node is: a key pair, whose public half makes its ``PeerID``.
public struct Identity: Sendable {
  let keyPair: KeyPair
  /// What a person should know about where the key came from: a file that others can read.
  public let warnings: [String]

  /// The name that only the owner of this identity can prove.
  public var peerID: PeerID { keyPair.peerID }

  /// The identity kept in a directory (`identity.key`, libp2p's protobuf form); made there, readable by its
  /// owner alone, when there is none.
  ///
  /// Throws ``IdentityFileError``. A file that is there is never changed, whatever is wrong with it.
  public static func loadOrCreate(in directory: String) throws(IdentityFileError) -> Identity {
    let file = IdentityFile(in: directory)
    if let found = try file.load() { return found }
    let made = Identity.ephemeral()
    // Another process may have been faster; its identity is ours then.
    if try file.store(made) { return made }
    guard let found = try file.load() else {
      throw IdentityFileError(
        path: file.path, problem: "appeared and vanished while it was made",
        remedy: "see what else uses this directory, then try again")
    }
    return found
  }

  /// An identity that is kept nowhere.
  public static func ephemeral() -> Identity {
    var system = SystemRandomNumberGenerator()
    do {
      return Identity(keyPair: try KeyPair(seed: system.bytes(KeyPair.seedBytes)), warnings: [])
    } catch {
      preconditionFailure("\(KeyPair.seedBytes) bytes make a key: \(error)")
    }
  }

  /// The identity in a key file from elsewhere, such as the original app's `identity_<instance>.bin`. The
  /// file is only read; to keep the identity, ``store(in:)`` it.
  public static func importing(_ path: String) throws(IdentityFileError) -> Identity {
    if let found = try IdentityFile(at: path).load() { return found }
    throw IdentityFileError(path: path, problem: "there is no such file", remedy: "check the path")
  }

  /// Keeps the identity in a directory, for ``loadOrCreate(in:)``. Fails when the directory has one already.
  public func store(in directory: String) throws(IdentityFileError) {
    let file = IdentityFile(in: directory)
    if try file.store(self) { return }
    throw IdentityFileError(
      path: file.path, problem: "there is an identity already",
      remedy: "move it away if it is no longer wanted; whoever knows this node knows it by that identity")
  }
}
