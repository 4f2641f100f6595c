"""A node of the original messenger, as a process of JSON lines: its texts, its rhythm, and its defects.

    python -m peers.py_original [--keylog FILE] [--tick SECONDS]

It says `ANNOUNCE:PRESENCE` 500 ms after somebody is there to hear it (the real one waits for its relay),
answers every PRESENCE and, which is the defect, every REFRESH with `ANNOUNCE:WELCOME`, and on each tick says
`ANNOUNCE:REFRESH` and removes who was silent for three ticks. It subscribes to that topic, offers gossipsub
1.1 and 1.0, names messages as rust-libp2p does, sends no key along, and treats every peer as an explicit one:
it refuses each GRAFT. Commands: those of `py_gossiper.py`. Events besides: `peer+`, `peer-` (peer), `chat`
(from, text), `said` (text, timeMs).
"""

import time

import trio
from libp2p.abc import IHost, INetConn, INetStream, INetwork, INotifee
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import PeerInfo
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pb.rpc_pb2 import Message
from libp2p.pubsub.pubsub import Pubsub
from multiaddr import Multiaddr

from .py_gossiper import PyGossiper, gossiping
from .py_peer import Json, emit, flags, obey, running_host
from .rpc import CHAT_TOPIC, SIGNED_PREFIX

PRESENCE, WELCOME, REFRESH = "ANNOUNCE:PRESENCE", "ANNOUNCE:WELCOME", "ANNOUNCE:REFRESH"
READY_SECONDS = 0.5
SILENT_TICKS = 3
SUBSCRIBER_LOOK_SECONDS = 0.02


def rust_message_id(message: Message) -> bytes:
    return f"{ID(message.from_id)}{int.from_bytes(message.seqno, 'big')}".encode()


class Original(PyGossiper):
    def __init__(self, host: IHost, pubsub: Pubsub, router: GossipSub, tick: float) -> None:
        super().__init__(host, pubsub, router)
        self.tick = tick
        self.last_seen: dict[str, float] = {}
        self.sequence = time.time_ns()

    async def publish(self, text: str) -> Json:
        self.sequence += 1
        message = Message(
            from_id=self.host.get_id().to_bytes(),
            data=text.encode(),
            seqno=self.sequence.to_bytes(8, "big"),
            topicIDs=[CHAT_TOPIC],
        )
        message.signature = self.host.get_private_key().sign(SIGNED_PREFIX + message.SerializeToString())
        await self.pubsub.push_msg(self.host.get_id(), message)
        emit(event="said", text=text, timeMs=time.time() * 1000)
        return {}

    async def listen(self) -> None:
        subscription = await self.pubsub.subscribe(CHAT_TOPIC)
        while True:
            message = await subscription.get()
            emit(event="message", message=message.SerializeToString().hex())
            if message.from_id != self.host.get_id().to_bytes():
                await self.hear(str(ID(message.from_id)), message.data.decode("utf-8", "replace"))

    async def hear(self, author: str, text: str) -> None:
        if author not in self.last_seen:
            emit(event="peer+", peer=author)
        self.last_seen[author] = trio.current_time()
        if text.startswith((PRESENCE, REFRESH)):
            await self.publish(WELCOME)
        elif not text.startswith(WELCOME):
            emit(event="chat", **{"from": author}, text=text)

    async def announce(self) -> None:
        while not self.pubsub.peer_topics.get(CHAT_TOPIC):
            await trio.sleep(SUBSCRIBER_LOOK_SECONDS)
        await trio.sleep(READY_SECONDS)
        await self.publish(PRESENCE)
        while True:
            await trio.sleep(self.tick)
            await self.publish(REFRESH)
            self.reap()

    def reap(self) -> None:
        now = trio.current_time()
        for peer, seen in list(self.last_seen.items()):
            if now - seen > SILENT_TICKS * self.tick:
                del self.last_seen[peer]
                emit(event="peer-", peer=peer)


class Befriending(INotifee):
    """Makes every connected peer an explicit one."""

    def __init__(self, router: GossipSub) -> None:
        self.router = router

    async def connected(self, network: INetwork, conn: INetConn) -> None:
        peer = conn.muxed_conn.peer_id
        self.router.direct_peers.setdefault(peer, PeerInfo(peer, []))

    async def disconnected(self, network: INetwork, conn: INetConn) -> None: ...

    async def opened_stream(self, network: INetwork, stream: INetStream) -> None: ...

    async def closed_stream(self, network: INetwork, stream: INetStream) -> None: ...

    async def listen(self, network: INetwork, multiaddr: Multiaddr) -> None: ...

    async def listen_close(self, network: INetwork, multiaddr: Multiaddr) -> None: ...


async def main(key_log: str | None, tick: float) -> None:
    async with (
        running_host(key_log) as host,
        gossiping(host, "1.1", rust_message_id) as (pubsub, router),
        trio.open_nursery() as nursery,
    ):
        node = Original(host, pubsub, router, tick)
        host.get_network().register_notifee(Befriending(router))
        for task in (node.listen, node.announce):
            nursery.start_soon(task)
        await obey(node)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--tick", type=float, default=15)
    arguments = parser.parse_args()
    trio.run(main, arguments.keylog, arguments.tick)
