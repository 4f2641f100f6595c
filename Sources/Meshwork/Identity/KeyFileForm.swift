import Identity

/// An Ed25519 private key in libp2p's protobuf form, byte by byte, so that an error can say which one is
/// wrong: `08 01` (type Ed25519), `12 40` (64 bytes), seed, public key. Old files have the public key twice
/// (`12 60`).
enum KeyFileForm {
  static func decode(_ bytes: [UInt8], path: String) throws(IdentityFileError) -> KeyPair {
    func wrong(_ position: Int, _ problem: String) -> IdentityFileError {
      IdentityFileError(
        path: path, position: position, problem: problem,
        remedy: "put back a copy of the file, or move it away to start under a new identity")
    }
    if bytes.isEmpty { throw wrong(0, "the file is empty") }
    if bytes[0] != 0x08 { throw wrong(0, "not a libp2p private key") }
    if bytes.count > 1, bytes[1] != 0x01 { throw wrong(1, "\(kind(bytes[1])); this node uses Ed25519") }
    if bytes.count > 2, bytes[2] != 0x12 { throw wrong(2, "not a libp2p private key") }
    if bytes.count > 3, bytes[3] != 0x40, bytes[3] != 0x60 {
      throw wrong(3, "a key of another size than Ed25519's")
    }
    let size = 4 + Int(bytes.count > 3 ? bytes[3] : 0x40)
    if bytes.count < size { throw wrong(bytes.count, "the file ends after \(bytes.count) of \(size) bytes") }
    if bytes.count > size { throw wrong(size, "\(bytes.count - size) bytes follow the key") }
    do {
      return try KeyPair(protobuf: bytes)
    } catch .mismatchedPublicKey {
      throw wrong(36, "the public key does not belong to the private key")
    } catch {
      throw wrong(4, "\(error)")
    }
  }

  private static func kind(_ type: UInt8) -> String {
    switch type {
    case 0: "an RSA key"
    case 2: "a Secp256k1 key"
    case 3: "an ECDSA key"
    default: "a key of an unknown kind"
    }
  }
}
