// The real world around a ``Node``: sockets, names, the clock, the key log file.
//
// A ``NodeShell`` belongs to one event loop and owns one node. Whatever happens on the loop (bytes, a
// connection, a command, the deadline) becomes one call into the node, followed by one turn: every output is
// pulled and carried out by a single switch, then every connection with something to send is drained into its
// socket while the socket takes it, then the one timer follows the node's deadline. Nothing here decides
// anything about protocols.
//
// Nothing blocks the loop but the write of a key log line, which must be on its way before the bytes sealed
// with those keys. Questions to the name system run on NIO's thread pool.
//
// Reading order: NodeShell, NodeShell+Turn, ConnectionHandler, NodeShell+Connections, NodeShell+Listening,
// NodeShell+Dialing; then Sockets (addresses, buffers, reasons) and Names (host and text lookups, the DNS
// codec).
