"""A py-libp2p host with its own mDNS discovery: one JSON object a line for everything that happens.

    python -m peers.py_mdns MULTIADDR...

    {"event": "ready", "peerId": "12D3..."}
    {"event": "discovered", "peer": "12D3...", "addrs": ["/ip4/..."]}
    {"event": "expired", "peer": "12D3..."}

It ends, with a goodbye, when its input does.
"""

import json
import os
import sys
from typing import Any

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.discovery.events.peerDiscovery import peerDiscovery
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import PeerInfo
from libp2p.peer.peerstore import PeerStoreError
from multiaddr import Multiaddr


def emit(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


async def main(addrs: list[str]) -> None:
    listen = [Multiaddr(addr) for addr in addrs]
    found: list[ID] = []

    def discovered(info: PeerInfo) -> None:
        found.append(info.peer_id)
        emit(event="discovered", peer=str(info.peer_id), addrs=[str(addr) for addr in info.addrs])

    peerDiscovery.register_peer_discovered_handler(discovered)
    host = new_host(
        key_pair=create_new_key_pair(os.urandom(32)),
        listen_addrs=listen,
        muxer_preference="YAMUX",
        enable_mDNS=True,
    )

    def is_known(peer: ID) -> bool:
        try:
            return bool(host.get_peerstore().addrs(peer))
        except PeerStoreError:
            return False

    async def watch() -> None:
        """py-libp2p tells nobody when it forgets a peer."""
        while True:
            for peer in [peer for peer in found if not is_known(peer)]:
                found.remove(peer)
                emit(event="expired", peer=str(peer))
            await trio.sleep(0.02)

    async with host.run(listen_addrs=listen), trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        emit(event="ready", peerId=str(host.get_id()))
        input = trio.wrap_file(sys.stdin)
        while await input.readline():
            pass
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, sys.argv[1:])
