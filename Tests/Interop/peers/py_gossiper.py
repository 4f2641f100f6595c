"""py-libp2p with its GossipSub, as a process of JSON lines: what `py_peer.py` does, and the chat topic.

    python -m peers.py_gossiper [--keylog FILE] [--meshsub 1.0|1.1|1.2]

It offers that version and those below. `publish` (text), `subscribers` and `mesh` are about the chat topic.
Every message there is an event, own ones included: `{"event": "message", "message": <protobuf in hex>}`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio
from libp2p.abc import IHost
from libp2p.custom_types import TProtocol
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pb.rpc_pb2 import Message
from libp2p.pubsub.pubsub import Pubsub
from libp2p.tools.anyio_service import background_trio_service

from .py_peer import Json, PyPeer, emit, flags, obey, running_host
from .rpc import CHAT_TOPIC, MESHSUB

MESH_WANTED, MESH_MIN, MESH_MAX = 6, 4, 12


class PyGossiper(PyPeer):
    def __init__(self, host: IHost, pubsub: Pubsub, router: GossipSub) -> None:
        super().__init__(host)
        self.pubsub, self.router = pubsub, router
        self.commands |= {"publish": self.publish, "subscribers": self.subscribers, "mesh": self.mesh}

    async def publish(self, text: str) -> Json:
        await self.pubsub.publish(CHAT_TOPIC, text.encode())
        return {}

    async def subscribers(self) -> Json:
        return {"peers": [str(peer) for peer in self.pubsub.peer_topics.get(CHAT_TOPIC, set())]}

    async def mesh(self) -> Json:
        return {"peers": [str(peer) for peer in self.router.mesh.get(CHAT_TOPIC, set())]}

    async def listen(self) -> None:
        subscription = await self.pubsub.subscribe(CHAT_TOPIC)
        while True:
            message = await subscription.get()
            emit(event="message", message=message.SerializeToString().hex())


def versions(best: str) -> list[TProtocol]:
    """The protocols of that version and of those below, best first."""
    return [TProtocol(MESHSUB[version]) for version in sorted(MESHSUB, reverse=True) if version <= best]


@asynccontextmanager
async def gossiping(
    host: IHost, best: str, message_id: Callable[[Message], bytes] | None = None
) -> AsyncIterator[tuple[Pubsub, GossipSub]]:
    router = GossipSub(
        protocols=versions(best),
        degree=MESH_WANTED,
        degree_low=MESH_MIN,
        degree_high=MESH_MAX,
        heartbeat_initial_delay=0.1,
        heartbeat_interval=1,
        spam_protection_enabled=False,  # or it takes ten messages a second and no more
    )
    pubsub = Pubsub(host, router, **({"msg_id_constructor": message_id} if message_id else {}))
    async with background_trio_service(pubsub), background_trio_service(router):
        await pubsub.wait_until_ready()
        yield pubsub, router


async def main(key_log: str | None, best: str) -> None:
    async with (
        running_host(key_log) as host,
        gossiping(host, best) as (pubsub, router),
        trio.open_nursery() as nursery,
    ):
        peer = PyGossiper(host, pubsub, router)
        nursery.start_soon(peer.listen)
        await obey(peer)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--meshsub", choices=sorted(MESHSUB), default="1.1")
    arguments = parser.parse_args()
    trio.run(main, arguments.keylog, arguments.meshsub)
