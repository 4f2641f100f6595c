import NIOCore
import Identify
import Identity
import Perf
import SansIO
import Wire

/// Who has a stream.
enum StreamOwner {
  /// The application: bytes go up and down as they are.
  case application
  /// A request of the application's, while the protocol is being agreed on.
  case opening(RequestID, [ProtocolName])
  /// A perf request, while its form is being agreed on.
  case openingPerf(RequestID, upload: UInt64, download: UInt64)
  /// A machine of the node's.
  case machine(StreamSlot)
  /// GossipSub's, whose bytes go to and come from the node's one router.
  case gossip(GossipStreams.Role)
  /// Of the node's relay client: a reservation or the beginning of a circuit.
  case relayClient
  /// Of the node's relay service: a hop stream of a peer's, or the stop stream that leads on from it.
  case relayService
  /// Of AutoNAT's.
  case reachability(ReachabilityRole)
  /// Of an exchange about a direct connection.
  case upgrade
  /// A circuit that ends here: its bytes are those of this connection.
  case circuit(ConnectionID)

  /// Streams that keep a connection from being idle. Identify comes and goes by itself.
  var isUseful: Bool {
    switch self {
    case .machine(let slot): slot.purpose.isUseful
    case .relayClient, .reachability, .upgrade: false
    case .application, .opening, .openingPerf, .gossip, .relayService, .circuit: true
    }
  }

  /// Streams that cannot move to another connection to the same peer.
  var isBound: Bool {
    switch self {
    case .gossip: false
    // Direct messages are told to be lost, and sent again on another stream.
    case .machine(let slot): slot.purpose.isBound
    case .application, .opening, .openingPerf, .relayClient, .relayService, .reachability, .upgrade, .circuit:
      isUseful
    }
  }
}

/// A machine on its stream. A class, because the machine is mutated in place through the table.
final class StreamSlot {
  let protocolName: ProtocolName
  let purpose: Purpose
  var machine: any StreamMachine
  /// Where it lives, once it does.
  var place: StreamHandle?
  /// Our half of the stream has been closed.
  var isFinished = false
  /// When a peer that does not end its half is no longer waited for. Set once the machine itself waits for
  /// nothing.
  var lingersUntil: Instant?
  /// What was asked for has been answered.
  var isAnswered = false

  /// Why the machine runs, and so who is told of its outcome.
  enum Purpose {
    case serving
    case pinging(RequestID)
    case measuring(RequestID)
    case identifying
    case pushing
    /// Direct messages to a peer, and from one.
    case talking(PeerID)
    case hearing(PeerID)

    var isUseful: Bool {
      switch self {
      case .serving, .pinging, .measuring, .talking, .hearing: true
      case .identifying, .pushing: false
      }
    }

    var isBound: Bool {
      switch self {
      case .serving, .pinging, .measuring: true
      case .identifying, .pushing, .talking, .hearing: false
      }
    }

    /// The request that waits for the outcome.
    var request: RequestID? {
      switch self {
      case .pinging(let request), .measuring(let request): request
      case .serving, .identifying, .pushing, .talking, .hearing: nil
      }
    }
  }

  init(_ protocolName: ProtocolName, _ purpose: Purpose, _ machine: any StreamMachine) {
    self.protocolName = protocolName
    self.purpose = purpose
    self.machine = machine
  }
}

/// What the node asks of a machine that lives on one stream, whatever its protocol.
protocol StreamMachine {
  /// Takes everything that is in `bytes`.
  mutating func receive(_ bytes: inout ByteBuffer, at now: Instant)
  mutating func remoteFinished(at now: Instant)
  mutating func advance(to now: Instant)
  var deadline: Instant? { get }
  mutating func nextOutcome() throws(StreamFailure) -> StreamOutcome?
  /// The next bytes to send, at most `maxBytes`; nil when there are none now.
  mutating func nextChunk(maxBytes: Int, at now: Instant) -> ByteBuffer?
  /// True once nothing more will be sent and everything has been handed out.
  var outboundFinished: Bool { get }
}

/// What a stream's machine has to tell the node.
enum StreamOutcome {
  case pinged([Duration])
  case measured(PerfSummary)
  /// A peer's word of itself: an answer to our question, or a push.
  case described(Identify.Message)
  case direct(DirectOutcome)
}

/// Why a stream's machine gave up.
struct StreamFailure: AttributedError {
  let fault: Fault
  let error: NodeError
}
