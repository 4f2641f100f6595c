import Glibc
import Testing

@testable import Meshwork

@Suite struct IdentityFileTests {
  // MARK: Vocabulary

  static let key = Identity.ephemeral()
  static let form = key.keyPair.protobuf

  static func load(_ bytes: [UInt8], mode: mode_t = 0o600) -> Result<Identity, IdentityFileError> {
    let directory = TemporaryDirectory()
    directory.write(bytes, to: "identity.key", mode: mode)
    let result = Result { () throws(IdentityFileError) in try Identity.loadOrCreate(in: directory.path) }
    #expect(directory.read("identity.key") == bytes, "the file was changed")
    #expect(directory.names == ["identity.key"])
    return result
  }

  static func changed(_ position: Int, to byte: UInt8) -> [UInt8] {
    var bytes = form
    bytes[position] = byte
    return bytes
  }

  // MARK: Making and loading

  @Test func madeOnceAndFoundAgain() throws {
    let directory = TemporaryDirectory()
    let made = try Identity.loadOrCreate(in: directory.path)
    #expect(directory.names == ["identity.key"])
    #expect(directory.mode(of: "identity.key") == 0o600)
    #expect(directory.read("identity.key") == made.keyPair.protobuf)
    #expect(directory.read("identity.key").count == 68)
    let found = try Identity.loadOrCreate(in: directory.path + "/")
    #expect(found.peerID == made.peerID)
    #expect(found.warnings.isEmpty)
  }

  @Test func missingDirectoriesAreMadePrivate() throws {
    let directory = TemporaryDirectory()
    let deep = directory.file("a/b")
    let made = try Identity.loadOrCreate(in: deep)
    var status = stat()
    #expect(stat(directory.file("a"), &status) == 0 && status.st_mode & 0o777 == 0o700)
    #expect(try Identity.loadOrCreate(in: deep).peerID == made.peerID)
    unlink("\(deep)/identity.key")
    rmdir(deep)
    rmdir(directory.file("a"))
  }

  @Test func manyMakersAtOnceAgreeOnOne() async throws {
    let directory = TemporaryDirectory()
    let path = directory.path
    let peers = try await withThrowingTaskGroup(of: PeerID.self) { group in
      for _ in 0..<20 { group.addTask { try Identity.loadOrCreate(in: path).peerID } }
      return try await group.reduce(into: Set<PeerID>()) { $0.insert($1) }
    }
    #expect(peers.count == 1)
    #expect(directory.names == ["identity.key"])
  }

  @Test func storingNeverReplaces() throws {
    let directory = TemporaryDirectory()
    try Self.key.store(in: directory.path)
    let error = #expect(throws: IdentityFileError.self) { try Identity.ephemeral().store(in: directory.path) }
    #expect(error?.problem == "there is an identity already")
    #expect(try Identity.loadOrCreate(in: directory.path).peerID == Self.key.peerID)
    #expect(directory.names == ["identity.key"])
  }

  @Test func openFilesAreTakenWithAWarning() throws {
    let found = try Self.load(Self.form, mode: 0o644).get()
    #expect(found.peerID == Self.key.peerID)
    #expect(found.warnings.count == 1)
    #expect(found.warnings.first?.contains("chmod 600") ?? false)
  }

  @Test func keysFromElsewhere() throws {
    let directory = TemporaryDirectory()
    directory.write(Self.form, to: "identity_phone.bin", mode: 0o644)
    #expect(try Identity.importing(directory.file("identity_phone.bin")).peerID == Self.key.peerID)
    // Old versions wrote the public key twice.
    directory.write([0x08, 0x01, 0x12, 0x60] + Self.form[4...] + Self.form[36...], to: "old.bin")
    #expect(try Identity.importing(directory.file("old.bin")).peerID == Self.key.peerID)
    let error = #expect(throws: IdentityFileError.self) { try Identity.importing(directory.file("none")) }
    #expect(error?.problem == "there is no such file")
  }

  // MARK: What is refused

  @Test func cutAtEveryByte() {
    for count in 0..<Self.form.count {
      switch Self.load(Array(Self.form[..<count])) {
      case .success: Issue.record("\(count) bytes are no key")
      case .failure(let error): #expect(error.position == count, "\(error)")
      }
    }
  }

  @Test(
    arguments: [
      (0, 0x0A, 0, "not a libp2p private key"), (1, 0x00, 1, "an RSA key; this node uses Ed25519"),
      (1, 0x02, 1, "a Secp256k1 key; this node uses Ed25519"),
      (1, 0x03, 1, "an ECDSA key; this node uses Ed25519"),
      (1, 0x09, 1, "a key of an unknown kind; this node uses Ed25519"),
      (2, 0x13, 2, "not a libp2p private key"),
      (3, 0x41, 3, "a key of another size than Ed25519's"),
      (3, 0x60, 68, "the file ends after 68 of 100 bytes"),
    ] as [(Int, UInt8, Int, String)])
  func wrongHeaders(_ position: Int, _ byte: UInt8, _ reported: Int, _ problem: String) {
    guard case .failure(let error) = Self.load(Self.changed(position, to: byte)) else {
      Issue.record("byte \(position) as \(byte) was taken")
      return
    }
    #expect(error.position == reported)
    #expect(error.problem == problem)
    #expect(
      error.description.contains("identity.key: byte \(reported): \(problem). To go on: put back a copy"))
  }

  @Test func bytesBehindTheKey() {
    guard case .failure(let error) = Self.load(Self.form + [0]) else {
      Issue.record("a byte too many was taken")
      return
    }
    #expect(error.position == 68)
    #expect(error.problem == "1 bytes follow the key")
  }

  @Test func halvesThatDoNotBelongTogether() {
    for position in [4, 35, 36, 67] {
      guard case .failure(let error) = Self.load(Self.changed(position, to: Self.form[position] ^ 1)) else {
        Issue.record("a changed byte \(position) was taken")
        continue
      }
      #expect(error.position == 36)
      #expect(error.problem == "the public key does not belong to the private key")
    }
  }

  @Test func otherThingsOfThatName() {
    let directory = TemporaryDirectory()
    let path = directory.file("identity.key")
    mkdir(path, 0o700)
    var error = #expect(throws: IdentityFileError.self) { try Identity.loadOrCreate(in: directory.path) }
    #expect(error?.problem == "is not a regular file")
    rmdir(path)
    mkfifo(path, 0o600)
    error = #expect(throws: IdentityFileError.self) { try Identity.loadOrCreate(in: directory.path) }
    #expect(error?.problem == "is not a regular file")
  }

  @Test func placesWhereNothingCanBeKept() {
    let error = #expect(throws: IdentityFileError.self) { try Identity.loadOrCreate(in: "/proc/none/such") }
    #expect(error?.problem.hasPrefix("cannot be written: ") ?? false)
    let notADirectory = TemporaryDirectory()
    notADirectory.write([], to: "file")
    #expect(throws: IdentityFileError.self) { try Identity.loadOrCreate(in: notADirectory.file("file")) }
  }
}
