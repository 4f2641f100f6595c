import Scenario

/// One scenario, at the default timings, in which a hub with a fault cannot but show it. Without a fault all
/// of it is green.
struct Trial {
  let fault: Fault?

  /// A trial for each fault that breaks a rule, and one without.
  static let all = [Trial(fault: nil)] + Fault.allCases.filter { $0.rule != nil }.map { Trial(fault: $0) }

  static let hub = "hub"

  var name: String { fault?.rawValue ?? "no-fault" }

  /// - Parameter program: of the nodes with faults.
  func plan(seed: UInt64, program: String) -> Plan {
    let net = Script(name: name, seed: seed)
    // Several trials run at once. Nothing that is judged here is as fine as the fabric's lateness then.
    net.tolerates(lateness: .milliseconds(50))
    let hub =
      fault.map { net.node(Self.hub, running: program, flags: ["--fault", $0.rawValue]) }
      ?? net.node(Self.hub)
    let ana = net.node("ana", behind: .homeRouter, knows: hub)
    let ben = net.node("ben", behind: .homeRouter, knows: hub)

    net.start(hub, ana, ben)
    net.wait(until: everyone(hub, ana, ben), within: .seconds(20))
    ana.send("hello")
    if fault == nil || fault == .takesPingsForLife { invite(to: hub, net, program) }
    // One beat of everybody's at the right time, and then Ben's end until after the last moment to reap him.
    net.wait(.seconds(17))
    ben.crash()
    net.wait(.seconds(62))
    net.expect(.presence, .nobodyAliveReaped, .everyMessageOnce)
    return net.plan
  }

  /// Somebody who answers pings, and says no more than PRESENCE.
  private func invite(to hub: Node, _ net: Script, _ program: String) {
    let guest = net.peer(
      "guest",
      running: "exec \(program) run --fault \(Fault.fallsSilent.rawValue) --data . --no-mdns "
        + "--bootstrap \(hub.multiaddr)")
    net.start(guest)
    net.wait(until: hub.sees(guest), within: .seconds(10))
  }
}
