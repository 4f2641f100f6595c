"""Libp2p peers of three makes behind one interface; see `peers.peer.Peer`."""
