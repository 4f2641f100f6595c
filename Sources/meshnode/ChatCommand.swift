import ArgumentParser
import Commands
import Glibc
import Logging
import Meshwork
import MeshworkControl
import Terminal

struct ChatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Chat in this terminal, with a node of its own.",
    discussion: """
      The node serves the same interface as with run, so that peers, status and send work beside it. Its log \
      goes to chat.log in the data directory. Without a terminal, or with --plain, every message is a line: \
      lines of standard input are sent to the room global, or are commands if they begin with a slash.
      """)

  @OptionGroup var flags: NodeFlags

  @Flag(help: "Lines instead of a screen.")
  var plain = false

  func run() async throws {
    let environment = ProcessEnvironment.variables
    let settings = try Settings.resolve(flags: flags.settings, environment: environment, file: flags.config)
    if settings.api.contains(.standardStreams) {
      throw Failure.usage("--api stdio: standard input and output belong to the chat; use --api unix")
    }
    let directories = try Directories(data: settings.data, environment: environment)
    try directories.createForData()
    let log = try LogFile(at: "\(directories.data)/chat.log")
    // Errors of the start belong on the terminal again.
    defer { log.close() }
    let logger = Logger.standardError("meshnode", level: settings.logLevel)
    for warning in settings.warnings { logger.warning("\(warning)") }

    let shutdowns = ShutdownRequests()
    let signals = TerminationSignals(shutdowns)
    let identity = try Identity.loadOrCreate(in: directories.data)
    var configuration = settings.configuration(identity: identity, agent: Meshnode.agent)
    configuration.messenger?.history = directories.history
    let node = MeshNode(configuration, logger: logger)
    let server = ControlServer(node, shutdowns: shutdowns, logger: logger)
    do {
      for endpoint in settings.api { try await server.serve(endpoint, in: directories) }
      try await node.start()
      await chat(node, shutdowns, environment)
    } catch {
      await server.leave(node)
      throw error
    }
    await server.leave(node)
    withExtendedLifetime(signals) {}
  }

  private func chat(_ node: MeshNode, _ shutdowns: ShutdownRequests, _ environment: [String: String]) async {
    let session = ChatSession(NodeBackend(node))
    let stamp: ChatModel.Stamp = { ms in
      let time = LocalTime(ms: ms)
      return (time.date, time.minute)
    }
    let colours = environment["NO_COLOR"].map(\.isEmpty) ?? true
    let usesScreen = !plain && ScreenFace.isPossible(environment: environment)
    let departure = Task {
      _ = await shutdowns.first()
      session.inbox.post(.leaving)
    }
    await session.run { session in
      if usesScreen, ScreenFace(colours: colours, stamp: stamp).run(session, own: node.peerID) { return }
      PlainFace(stamp: stamp).run(session, own: node.peerID)
    }
    departure.cancel()
  }
}

/// Takes what would be written to standard error, whoever writes it, while a screen is drawn.
private struct LogFile {
  /// A larger one of an earlier run is emptied.
  private static let bytesMax = 1 << 20

  private let standardError: CInt

  init(at path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw Failure(text: "cannot write \(path): \(String(cString: strerror(errno)))", code: Failure.failed)
    }
    if lseek(file, 0, SEEK_END) > Self.bytesMax { ftruncate(file, 0) }
    standardError = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
    dup2(file, STDERR_FILENO)
    Glibc.close(file)
  }

  /// Standard error is what it was.
  func close() {
    guard standardError >= 0 else { return }
    dup2(standardError, STDERR_FILENO)
    Glibc.close(standardError)
  }
}
