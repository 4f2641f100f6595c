// What happens, in the order of the file.

extension Script {
  /// Starts the programs of these hosts, together, and waits until each is up.
  @discardableResult
  public func start(_ hosts: Host..., line: Int = #line) -> Moment {
    start(hosts, line: line)
  }

  /// Starts the programs of these hosts, together, and waits until each is up.
  @discardableResult
  public func start(_ hosts: [Host], line: Int = #line) -> Moment {
    add(.start(hosts: hosts.map(\.name)), line: line)
  }

  /// Waits until that holds; the run fails if it does not within the time.
  @discardableResult
  public func wait(until conditions: Condition..., within limit: Duration, line: Int = #line) -> Moment {
    add(.waitUntil(fact: Condition(all: conditions).fact, withinMs: limit.inMs), line: line)
  }

  /// Waits.
  @discardableResult
  public func wait(_ time: Duration, line: Int = #line) -> Moment {
    add(.wait(ms: time.inMs), line: line)
  }

  /// Keeps these groups from reaching each other. Hosts of no group reach everyone.
  public func partition(_ groups: [Host]..., line: Int = #line) -> Partition {
    let partition = Partition(name: nameForPartition(), script: self)
    add(.partition(name: partition.name, groups: groups.map { $0.map(\.name) }), line: line)
    return partition
  }

  /// Does all of these at once, and goes on when each is done.
  @discardableResult
  public func inParallel(_ branches: (() -> Void)..., line: Int = #line) -> Moment {
    inParallel(branches, line: line)
  }

  /// Does all of these at once, and goes on when each is done.
  @discardableResult
  public func inParallel(_ branches: [() -> Void], line: Int = #line) -> Moment {
    add(.parallel(branches: branches.map { branch($0) }), line: line)
  }

  /// Does something for each of these at once.
  @discardableResult
  public func inParallel<Element>(
    _ elements: [Element], line: Int = #line, _ body: @escaping (Element) -> Void
  ) -> Moment {
    inParallel(elements.map { element in { body(element) } }, line: line)
  }

  /// Does something that many times, with a pause between; `body` is given the round, from 1.
  public func `repeat`(
    _ times: Int, every pause: Duration = .zero, line: Int = #line, _ body: (Int) -> Void
  ) {
    for round in 1...max(1, times) where times > 0 {
      body(round)
      if pause > .zero, round < times { wait(pause, line: line) }
    }
  }

  /// A line in the report.
  public func note(_ text: String, line: Int = #line) {
    add(.note(text: text), line: line)
  }
}

extension Host {
  /// Starts its program.
  @discardableResult
  public func start(line: Int = #line) -> Moment {
    script.add(.start(hosts: [name]), line: line)
  }

  /// Asks its program to leave, and waits for its end.
  @discardableResult
  public func stop(line: Int = #line) -> Moment {
    script.add(.stop(host: name), line: line)
  }

  /// Kills its program with SIGKILL.
  @discardableResult
  public func crash(line: Int = #line) -> Moment {
    script.add(.crash(host: name), line: line)
  }

  /// Stops its program and starts it again with the same data.
  @discardableResult
  public func restart(line: Int = #line) -> Moment {
    script.add(.restart(host: name), line: line)
  }

  /// Suspends its program (SIGSTOP), as a closed laptop does.
  @discardableResult
  public func pause(line: Int = #line) -> Moment {
    script.add(.pause(host: name), line: line)
  }

  /// Lets its program go on (SIGCONT).
  @discardableResult
  public func resume(line: Int = #line) -> Moment {
    script.add(.resume(host: name), line: line)
  }

  /// Every packet vanishes from now on, both ways, and nobody is told: a tunnel.
  @discardableResult
  public func loseSignal(line: Int = #line) -> Moment {
    script.add(.loseSignal(host: name), line: line)
  }

  /// Packets pass again.
  @discardableResult
  public func regainSignal(line: Int = #line) -> Moment {
    script.add(.regainSignal(host: name), line: line)
  }

  /// Its interface goes down, and its kernel knows.
  @discardableResult
  public func unplug(line: Int = #line) -> Moment {
    script.add(.unplug(host: name), line: line)
  }

  /// Its interface comes up.
  @discardableResult
  public func plug(line: Int = #line) -> Moment {
    script.add(.plug(host: name), line: line)
  }

  /// Moves to another LAN, with a new address: from Wi-Fi to Wi-Fi.
  @discardableResult
  public func move(to lan: LAN, link: Link? = nil, line: Int = #line) -> Moment {
    script.add(.move(host: name, lan: lan.name, link: link), line: line)
  }

  /// Moves to the public internet, with a new address.
  @discardableResult
  public func moveToTheInternet(link: Link? = nil, line: Int = #line) -> Moment {
    script.add(.move(host: name, lan: nil, link: link), line: line)
  }

  /// Another quality of its own link.
  @discardableResult
  public func change(link: Link, line: Int = #line) -> Moment {
    script.add(.changeLink(host: name, link: link), line: line)
  }

  /// Runs a command line there; the run fails unless it exits with that status.
  @discardableResult
  public func run(_ command: String, status: Int = 0, line: Int = #line) -> Moment {
    script.add(.run(host: name, command: command, status: status), line: line)
  }

  /// The LAN made for it by `behind:`.
  public var home: LAN { LAN("\(name)-home", script) }
}

extension Node {
  /// Writes to a room.
  @discardableResult
  public func send(_ text: String, room: String = "global", line: Int = #line) -> Message {
    message(text, .room(name: room), line: line)
  }

  /// Writes to one peer.
  @discardableResult
  public func send(_ text: String, to peer: Host, line: Int = #line) -> Message {
    message(text, .peer(host: peer.name), line: line)
  }

  /// Dials the other, or its address behind a relay; the run fails unless they are connected then.
  @discardableResult
  public func connect(to peer: Host, through relay: Host? = nil, line: Int = #line) -> Moment {
    script.add(.connect(from: name, to: peer.name, relay: relay?.name), line: line)
  }

  /// Writes to a room again and again, `text 1`, `text 2` and so on, while other steps are done. Without a
  /// text of its own, it writes its name. A node holds back what it writes to rooms faster than every 600 ms.
  @discardableResult
  public func stream(
    _ text: String? = nil, room: String = "global", every interval: Duration, line: Int = #line
  ) -> Stream {
    stream(text, .room(name: room), interval, line: line)
  }

  /// The same to one peer.
  @discardableResult
  public func stream(
    _ text: String? = nil, to peer: Host, every interval: Duration, line: Int = #line
  ) -> Stream {
    stream(text, .peer(host: peer.name), interval, line: line)
  }

  private func stream(
    _ text: String?, _ destination: Plan.Destination, _ interval: Duration, line: Int
  ) -> Stream {
    let action = Plan.Action.stream(
      from: name, to: destination, text: text ?? name, everyMs: interval.inMs)
    let step = script.add(action, line: line).step
    return Stream(began: Moment(.began(step: step)), step: step, script: script)
  }

  private func message(_ text: String, _ destination: Plan.Destination, line: Int) -> Message {
    let sent = script.add(.send(from: name, to: destination, text: text), line: line)
    return Message(sent: sent, step: sent.step, sender: name, text: text)
  }
}

extension Moment {
  /// Of a moment that a step made.
  fileprivate var step: Int {
    guard case .ended(let step) = moment else { preconditionFailure("a step ends: \(self)") }
    return step
  }
}

extension ForeignPeer {
  /// Writes a line to its standard input.
  @discardableResult
  public func tell(_ text: String, line: Int = #line) -> Moment {
    script.add(.tell(host: name, text: text), line: line)
  }
}

extension LAN {
  /// Its router forgets every mapping, as after a power cut; its address stays.
  @discardableResult
  public func rebootRouter(line: Int = #line) -> Moment {
    script.add(.reboot(lan: name), line: line)
  }

  /// Its router gets another address outside.
  @discardableResult
  public func renumber(line: Int = #line) -> Moment {
    script.add(.renumber(lan: name), line: line)
  }

  /// Another quality of the link between its router and what is above.
  @discardableResult
  public func change(link: Link, line: Int = #line) -> Moment {
    script.add(.changeUplink(lan: name, link: link), line: line)
  }
}
