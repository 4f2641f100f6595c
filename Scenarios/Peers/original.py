"""A node of the original messenger for scenarios: dials, announces itself, and says every line of its input.

    original --key FILE --dial MULTIADDR

FILE is a libp2p PrivateKey (Ed25519). Everything else is `Tests/Interop/peers/py_original.py`.
"""

import argparse
import sys
from pathlib import Path

import trio
from peers.py_gossiper import gossiping
from peers.py_original import Befriending, Original, rust_message_id
from peers.py_peer import running_host

SEED = slice(4, 36)
DIAL_PAUSE_SECONDS = 2
TICK_SECONDS = 15


async def stay_connected(node: Original, addr: str) -> None:
    peer = addr.rpartition("/p2p/")[2]
    while True:
        if peer not in {str(known) for known in node.host.get_network().connections}:
            with trio.move_on_after(10):
                try:
                    await node.connect(addr)
                except Exception as error:
                    print(f"dialling {addr}: {error}", file=sys.stderr)
        await trio.sleep(DIAL_PAUSE_SECONDS)


async def main(key: Path, dial: str) -> None:
    seed = key.read_bytes()[SEED]
    async with (
        running_host(None, seed) as host,
        gossiping(host, "1.1", rust_message_id) as (pubsub, router),
        trio.open_nursery() as nursery,
    ):
        node = Original(host, pubsub, router, TICK_SECONDS)
        host.get_network().register_notifee(Befriending(router))
        nursery.start_soon(node.listen)
        nursery.start_soon(node.announce)
        nursery.start_soon(stay_connected, node, dial)
        input = trio.wrap_file(sys.stdin)
        while line := await input.readline():
            await node.publish(line.rstrip("\n"))
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--dial", required=True)
    arguments = parser.parse_args()
    trio.run(main, arguments.key, arguments.dial)
