import LocalDiscovery
import Node
import NodeKit
import SansIO
import Testing

/// Whole nodes that find each other on a link, in virtual time.
@Suite struct NodeDiscoveryTests {
  let network = NodeNetwork()

  private func neighbours(_ count: Int) -> [NodeNetwork.Host] {
    let hosts = (0..<count).map { _ in
      network.add {
        $0.beMessenger()
        $0.discovery = .init()
      }
    }
    for host in hosts { network.plugIn(host) }
    return hosts
  }

  private func areConnected(_ hosts: [NodeNetwork.Host]) -> Bool {
    hosts.allSatisfy { !$0.node.connections.isEmpty }
  }

  @Test func twoOnALinkAreConnectedAndPresentWithoutBeingTold() {
    let hosts = neighbours(2)
    network.run(for: .seconds(2))
    #expect(areConnected(hosts))
    #expect(hosts[0].online == [hosts[1].peerID] && hosts[1].online == [hosts[0].peerID])
  }

  @Test func oneEndDials() {
    let hosts = neighbours(5)
    network.run(for: .seconds(5))
    #expect(network.dials.count == 10)
    for host in hosts { #expect(host.node.connections.count == 4) }
  }

  @Test(arguments: [60, 2 * 3600])
  func aNeighbourThatIsLostIsFoundAgain(afterSeconds seconds: Int) {
    let hosts = neighbours(2)
    network.run(for: .seconds(seconds))
    #expect(areConnected(hosts))
    network.breakConnections(of: hosts[0])
    network.run(for: .seconds(10))
    #expect(areConnected(hosts))
    #expect(hosts[0].wasOfflineNever && hosts[1].wasOfflineNever)
  }

  @Test func aNeighbourThatWasDeafForAWhileIsReachedAgain() {
    let hosts = neighbours(2)
    network.run(for: .seconds(5))
    for host in hosts { host.isListening = false }
    network.breakConnections(of: hosts[0])
    network.run(for: .seconds(30))
    #expect(!areConnected(hosts))
    for host in hosts { host.isListening = true }
    network.run(for: .seconds(60))
    #expect(areConnected(hosts))
  }
}
