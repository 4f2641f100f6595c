import NetworkModel
import SansIO
import Testing

/// What a prober finds out, which knows nothing of the box: RFC 5780, in pure form.
private struct Findings: Equatable {
  var mapping: NAT.Dependence
  var filtering: NAT.Dependence
}

/// Each test from a port of its own, so that none opens the way for another.
private func probe(_ box: inout Box) -> Findings? {
  let first = Endpoint(alice.address, 50_001)
  guard let seen = box.send(first, to: server), let otherPort = box.send(first, to: serverOtherPort),
    let otherAddress = box.send(first, to: otherServer)
  else { return nil }
  let mapping: NAT.Dependence =
    otherAddress == seen
    ? .endpointIndependent : otherPort == seen ? .addressDependent : .addressAndPortDependent

  let second = Endpoint(alice.address, 50_002)
  guard let mapped = box.send(second, to: server), box.receive(mapped, from: server) == second else {
    return nil
  }
  let filtering: NAT.Dependence =
    box.receive(mapped, from: otherServer) == second
    ? .endpointIndependent
    : box.receive(mapped, from: serverOtherPort) == second ? .addressDependent : .addressAndPortDependent
  return Findings(mapping: mapping, filtering: filtering)
}

@Suite struct NATCellTests {
  @Test(arguments: NAT.Dependence.allCases, NAT.Dependence.allCases)
  func `the nine cells, UDP and TCP, are what they are declared`(
    mapping: NAT.Dependence, filtering: NAT.Dependence
  ) {
    for transport in [Transport.udp, .tcp] {
      for seed in UInt64(0)..<20 {
        var box = Box(.cell(mapping, filtering), seed: seed, transport: transport)
        let findings = probe(&box)
        #expect(findings == Findings(mapping: mapping, filtering: filtering), "\(transport) seed \(seed)")
      }
    }
  }

  @Test(arguments: NAT.Dependence.allCases, NAT.Dependence.allCases)
  func `simultaneous open works through any filter once the SYN is out`(
    mapping: NAT.Dependence, filtering: NAT.Dependence
  ) throws {
    var box = Box(.cell(mapping, filtering), transport: .tcp)
    let mapped = try present(box.send(alice, to: server, .syn))
    #expect(box.receive(mapped, from: server, .syn) == alice)
    #expect(box.send(alice, to: server, [.syn, .ack]) == mapped)
    #expect(box.receive(mapped, from: server, [.syn, .ack]) == alice)
    #expect(box.send(alice, to: server, .ack) == mapped)
    box.wait(.seconds(7000))
    #expect(box.receive(mapped, from: server, .ack) == alice)
  }

  @Test func `what comes in to an open filter is answered from where it went`() throws {
    var box = Box(.cell(.addressAndPortDependent, .endpointIndependent), transport: .tcp)
    let mapped = try present(box.send(alice, to: server))
    #expect(box.receive(mapped, from: otherServer, .syn) == alice)
    #expect(box.send(alice, to: otherServer, [.syn, .ack]) == mapped)
  }

  @Test func `a segment in the middle of a connection opens nothing`() throws {
    var box = Box(.cell(.endpointIndependent, .endpointIndependent), transport: .tcp)
    let mapped = try present(box.send(alice, to: server))
    #expect(box.receive(mapped, from: otherServer, .ack) == nil)
    #expect(box.receive(mapped, from: otherServer, [.syn, .ack]) == nil)
  }

  @Test func `packets are translated whole, checksums and all`() throws {
    for transport in [Transport.udp, .tcp] {
      var box = Box(.cell(.endpointIndependent, .endpointIndependent), transport: transport)
      var out = box.packet(alice, server)
      let outcome = box.nat.translateOutbound(&out, flow: 1, at: .zero)
      #expect(outcome == .translated && out.source.address == external && hasRightChecksums(out))
      var back = box.packet(server, out.source)
      let inOutcome = box.nat.translateInbound(&back, at: .zero)
      #expect(inOutcome == .translated && back.destination == alice && hasRightChecksums(back))
    }
  }

  @Test func `echo goes out by its identifier and comes back`() throws {
    var nat = NAT(.cell(.endpointIndependent, .addressAndPortDependent), externals: [external], seed: 3)
    var request = Packet.echoRequest(from: alice, to: server.address, payload: [1, 2])
    let out = nat.translateOutbound(&request, flow: 1, at: .zero)
    #expect(out == .translated && request.source.address == external && hasRightChecksums(request))
    var reply = try #require(request.echoReply)
    let back = nat.translateInbound(&reply, at: .zero)
    #expect(back == .translated && reply.destination == alice && hasRightChecksums(reply))
    var stray = try #require(Packet.echoRequest(from: server, to: external).echoReply)
    stray.rewriteDestination(to: Endpoint(external, 9))
    let refused = nat.translateInbound(&stray, at: .zero)
    #expect(refused == .died(.unsolicited))
  }

  @Test func `later fragments go where the first went, and nowhere without it`() throws {
    var nat = NAT(.cell(.endpointIndependent, .addressAndPortDependent), externals: [external], seed: 3)
    func fragment(_ packet: Packet, offset: UInt8, more: Bool) throws -> Packet {
      var bytes = packet.bytes
      (bytes[4], bytes[5], bytes[6], bytes[7]) = (1, 2, more ? 0x20 : 0, offset)
      (bytes[10], bytes[11]) = (0, 0)
      var sum: UInt32 = 0
      for index in stride(from: 0, to: 20, by: 2) {
        sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
      }
      sum = sum & 0xFFFF + sum >> 16
      (bytes[10], bytes[11]) = (~UInt8(truncatingIfNeeded: sum >> 8), ~UInt8(truncatingIfNeeded: sum))
      return try Packet(bytes)
    }
    let whole = Packet.udp(from: alice, to: server, payload: Array(0...99))
    var first = try fragment(whole, offset: 0, more: true)
    var later = try fragment(whole, offset: 3, more: false)
    var stray = later
    #expect({ nat.translateOutbound(&stray, flow: 1, at: .zero) }() == .died(.fragmentNotTranslated))
    #expect({ nat.translateOutbound(&first, flow: 1, at: .zero) }() == .translated)
    #expect({ nat.translateOutbound(&later, flow: 2, at: .zero) }() == .translated)
    #expect(later.sourceAddress == external && (try? Packet(later.bytes)) == later)
    #expect(later.payload == stray.payload)
  }

  @Test func `other protocols are not translated`() throws {
    var nat = NAT(.init(), externals: [external], seed: 3)
    var six = samples[1]
    #expect({ nat.translateOutbound(&six, flow: 1, at: .zero) }() == .died(.protocolNotTranslated))
  }
}
