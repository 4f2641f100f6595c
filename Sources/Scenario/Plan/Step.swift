extension Plan {
  /// Something that is done, in the order of the file.
  package struct Step: Codable, Sendable, Equatable {
    /// Counts from 0 through the file, inside parallel branches too.
    package var id: Int
    package var action: Action
    package var line: Int
  }

  package indirect enum Action: Codable, Sendable, Equatable {
    /// Starts the hosts' programs together; done when each of ours says `ready` on its API or serves it.
    case start(hosts: [String])
    /// Asks for a clean leave and waits for the end of the program.
    case stop(host: String)
    /// SIGKILL.
    case crash(host: String)
    /// SIGTERM, the end of the program, and a start with the same data.
    case restart(host: String)
    /// SIGSTOP and SIGCONT.
    case pause(host: String)
    case resume(host: String)
    /// Every packet of the host is dropped, silently, both ways; its interface stays up.
    case loseSignal(host: String)
    case regainSignal(host: String)
    /// The interface goes down and the kernel knows.
    case unplug(host: String)
    case plug(host: String)
    /// To another LAN or the internet, with a new address.
    case move(host: String, lan: String?, link: Link?)
    case changeLink(host: String, link: Link)
    /// The link between a LAN's router and what is above it.
    case changeUplink(lan: String, link: Link)
    /// Hosts of different groups do not reach each other; hosts of no group reach everyone.
    case partition(name: String, groups: [[String]])
    case heal(partition: String)
    /// The router forgets every mapping; the address stays.
    case reboot(lan: String)
    /// The router gets another address outside, and forgets every mapping.
    case renumber(lan: String)
    case send(from: String, to: Destination, text: String)
    /// Sends `text 1`, `text 2` and so on, at this interval, while the next steps are done.
    case stream(from: String, to: Destination, text: String, everyMs: Double)
    case endStream(stream: Int)
    /// Dials the other's address, or that behind a relay; the step fails unless it connects.
    case connect(from: String, to: String, relay: String?)
    /// One line to the standard input of a foreign program.
    case tell(host: String, text: String)
    /// A command for `sh -c` inside the host; the step fails unless it exits with that status.
    case run(host: String, command: String, status: Int)
    case waitUntil(fact: Fact, withinMs: Double)
    case wait(ms: Double)
    case parallel(branches: [[Step]])
    /// A line in the report.
    case note(text: String)
  }

  package enum Destination: Codable, Sendable, Equatable {
    case room(name: String)
    case peer(host: String)
  }
}

extension Plan.Destination {
  fileprivate var words: String {
    switch self {
    case .room(let name): "the room \(name)"
    case .peer(let host): host
    }
  }
}

extension Plan.Step {
  /// This step and those inside it.
  package var withBranches: [Plan.Step] {
    guard case .parallel(let branches) = action else { return [self] }
    return [self] + branches.flatMap { $0.flatMap(\.withBranches) }
  }
}

extension Plan.Action {
  /// Done as soon as it is begun, as far as its effects go.
  var isInstant: Bool {
    switch self {
    case .start, .stop, .restart, .connect, .run, .waitUntil, .wait, .parallel, .note: false
    case .crash, .pause, .resume, .loseSignal, .regainSignal, .unplug, .plug, .move, .changeLink,
      .changeUplink,
      .partition, .heal, .reboot, .renumber, .send, .stream, .endStream, .tell:
      true
    }
  }

  /// The action as a person would say it.
  package var words: String {
    switch self {
    case .start(let hosts): "start of \(hosts.inWords)"
    case .stop(let host): "stop of \(host)"
    case .crash(let host): "crash of \(host)"
    case .restart(let host): "restart of \(host)"
    case .pause(let host): "pause of \(host)"
    case .resume(let host): "resuming of \(host)"
    case .loseSignal(let host): "loss of \(host)'s signal"
    case .regainSignal(let host): "return of \(host)'s signal"
    case .unplug(let host): "unplugging of \(host)"
    case .plug(let host): "plugging in of \(host)"
    case .move(let host, let lan, _): "move of \(host) to \(lan ?? "the internet")"
    case .changeLink(let host, _): "change of \(host)'s link"
    case .changeUplink(let lan, _): "change of \(lan)'s uplink"
    case .partition(let name, _): "split \(name)"
    case .heal(let name): "healing of \(name)"
    case .reboot(let lan): "reboot of the router of \(lan)"
    case .renumber(let lan): "new address of the router of \(lan)"
    case .send(let from, let to, let text): "\(from) to \(to.words): “\(text)”"
    case .stream(let from, let to, let text, let ms):
      "\(from) to \(to.words), every \(ms.asTime): “\(text) 1”, “\(text) 2” …"
    case .endStream(let stream): "end of the stream of step \(stream)"
    case .connect(let from, let to, let relay):
      "\(from) dials \(to)" + (relay.map { " through \($0)" } ?? "")
    case .tell(let host, let text): "to \(host)'s input: \(text)"
    case .run(let host, let command, _): "on \(host): \(command)"
    case .waitUntil(let fact, let ms): "wait until \(fact.words), at most \(ms.asTime)"
    case .wait(let ms): "wait for \(ms.asTime)"
    case .parallel(let branches): "\(branches.count) things at once"
    case .note(let text): text
    }
  }
}
