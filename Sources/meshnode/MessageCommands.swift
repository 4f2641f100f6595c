import ArgumentParser
import Meshwork
import MeshworkControl

/// A room's name or a PeerID, as people give it.
struct ConversationArgument: ExpressibleByArgument {
  let conversation: Conversation

  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    conversation = (try? PeerID(argument)).map(Conversation.peer) ?? .room(argument)
  }

  /// The parameter that names it.
  func parameter(peer: String) -> JSONValue.Member {
    switch conversation {
    case .room(let name): .init("room", .string(name))
    case .peer(let id): .init(peer, .string(id.description))
    }
  }
}

struct SendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Send a message to a room or a peer, through the running node.")

  @OptionGroup var flags: AskFlags

  @Argument(help: .init("A room, such as global, or a PeerID.", valueName: "room|peerid"))
  var to: ConversationArgument

  @Argument(help: "The message.")
  var text: String

  func run() async throws {
    let answer = try await flags.ask(
      "chat.send", .object([to.parameter(peer: "to"), .init("text", .string(text))]))
    print(flags.json ? "\(answer)" : "\(answer["id"]?.text ?? "") \(answer["state"]?.text ?? "")")
  }
}

struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show the messages of a room or with a peer.")

  @OptionGroup var flags: AskFlags

  @Argument(help: .init("A room, such as global, or a PeerID.", valueName: "room|peerid"))
  var of: ConversationArgument

  @Option(help: .init("How many, the newest.", valueName: "n"))
  var limit = 50

  @Option(help: .init("Only messages with these words.", valueName: "text"))
  var search: String?

  func validate() throws {
    guard (1...1000).contains(limit) else {
      throw ValidationError("--limit must be from 1 to 1000, not \(limit)")
    }
  }

  func run() async throws {
    var parameters = [of.parameter(peer: "peer"), .init("limit", .integer(Int64(limit)))]
    if let search { parameters.append(.init("text", .string(search))) }
    let messages = try await flags.ask(search == nil ? "chat.history" : "chat.search", .object(parameters))
    guard !flags.json else { return print(messages) }
    for message in messages.elements ?? [] { print(line(of: message)) }
  }

  /// Time, author, text on one line; nothing in it is obeyed by a terminal.
  private func line(of message: JSONValue) -> String {
    let time = LocalTime(ms: message["sentMs"]?.whole ?? message["receivedMs"]?.whole ?? 0)
    let from = message["from"]?.text ?? ""
    let state = message["state"]?.text ?? ""
    let mark = ["queued", "sent", "delivered", "failed"].contains(state) ? " (\(state))" : ""
    return "\(time.text)  \(from.suffix(8))\(mark)  \(SafeText.line(message["text"]?.text ?? ""))"
  }
}
