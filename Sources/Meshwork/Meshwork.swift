// A libp2p node for Swift programs.
//
// ```swift
// let node = MeshNode(Configuration(identity: try .loadOrCreate(in: "/var/lib/mine")))
// try await node.start()
// let connection = try await node.connect(to: try Multiaddr("/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…"))
// let stream = try await node.openStream(to: connection.peerID, protocols: ["/mine/1.0.0"])
// ```
//
// Reading order: MeshNode (what can be asked), Configuration, Identity, MeshStream, Event and EventSequence.
// Behind them: Switchboard, which connects what the node says to the tasks that wait for it; StreamState;
// EventLog.
//
// `PeerID`, `Multiaddr` and `ByteBuffer` come with this module.

@_exported public import struct Identity.PeerID
@_exported public import struct NIOCore.ByteBuffer
@_exported public import struct Wire.Multiaddr
