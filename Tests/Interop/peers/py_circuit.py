"""py-libp2p with its circuit relay v2 and its GossipSub, as a process of JSON lines; and streams by hand.

    python -m peers.py_circuit [--keylog FILE] [--relay SECONDS,BYTES]

With `--relay` it is a relay whose circuits have those limits, and not on the chat topic. `reserve` (addr) asks
a relay for a reservation, `dial` (addr) takes a circuit address, both by py-libp2p's own client.

By hand: `open` (peer, protocol) answers with the number of a `stream`; `serve` (protocol) makes every stream
that others open an event, `{"event": "stream", "stream": …, "peer": …, "protocol": …}`. Of a stream: `write`
(hex), `frame` (what stands behind a length), `ended` (how it ends: `finished`, `reset`, or null if it does
not in `seconds`), `finish`, `reset`, `splice` (port), which joins it to a TCP connection to that port, and
`pour` (bytes), which writes zeros beside all else; `poured` tells how many were taken and how it ended. `ask`
(peer, protocol, hex, count, at_once) opens so many streams, some at once, and answers with what came on each,
or null.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import trio
from libp2p.abc import IHost, INetStream
from libp2p.custom_types import TProtocol
from libp2p.network.stream.exceptions import StreamError
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pubsub import Pubsub
from libp2p.relay.circuit_v2.config import RelayConfig, RelayRole
from libp2p.relay.circuit_v2.protocol import CircuitV2Protocol
from libp2p.relay.circuit_v2.resources import RelayLimits
from libp2p.relay.circuit_v2.transport import CircuitV2Transport
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr

from .hop import HOP
from .py_gossiper import PyGossiper, gossiping
from .py_peer import Json, emit, flags, obey, receive_message, running_host

STREAM_SECONDS = 20
POUR_BYTES = 1 << 16
UNLIMITED = (1 << 31, 1 << 40)


class CircuitPeer(PyGossiper):
    def __init__(
        self,
        host: IHost,
        pubsub: Pubsub,
        router: GossipSub,
        transport: CircuitV2Transport,
        nursery: trio.Nursery,
    ) -> None:
        super().__init__(host, pubsub, router)
        self.transport, self.nursery = transport, nursery
        self.streams: dict[int, INetStream] = {}
        self.pours: dict[int, Json] = {}
        self.commands |= {
            "reserve": self.reserve,
            "dial": self.dial,
            "disconnect": self.disconnect,
            "serve": self.serve,
            "open": self.open_by_hand,
            "write": self.write,
            "frame": self.frame,
            "ended": self.ended,
            "finish": self.finish,
            "reset": self.reset,
            "splice": self.splice,
            "pour": self.pour,
            "poured": self.poured,
            "ask": self.ask,
        }

    # By py-libp2p's own client

    async def reserve(self, addr: str) -> Json:
        relay = info_from_p2p_addr(Multiaddr(addr))
        await self.host.connect(relay)
        stream = await self.host.new_stream(relay.peer_id, [TProtocol(HOP)])
        return {"reserved": await self.transport.reserve(stream, relay.peer_id, self.nursery)}

    async def dial(self, addr: str) -> Json:
        await self.transport.dial(Multiaddr(addr))
        return {}

    async def disconnect(self, peer: str) -> Json:
        await self.host.disconnect(ID.from_base58(peer))
        return {}

    # By hand

    def keep(self, stream: INetStream) -> int:
        self.streams[number := len(self.streams)] = stream
        return number

    async def serve(self, protocol: str) -> Json:
        async def meet(stream: INetStream) -> None:
            peer = str(stream.muxed_conn.peer_id)
            emit(event="stream", stream=self.keep(stream), peer=peer, protocol=protocol)

        self.host.set_stream_handler(TProtocol(protocol), meet)
        return {}

    async def open_by_hand(self, peer: str, protocol: str) -> Json:
        return {"stream": self.keep(await self.open(peer, protocol))}

    async def write(self, stream: int, hex: str) -> Json:
        with trio.fail_after(STREAM_SECONDS):
            await self.streams[stream].write(bytes.fromhex(hex))
        return {}

    async def frame(self, stream: int) -> Json:
        with trio.fail_after(STREAM_SECONDS):
            return {"frame": (await receive_message(self.streams[stream])).hex()}

    async def ended(self, stream: int, seconds: float) -> Json:
        with trio.move_on_after(seconds):
            return {"how": await end_of(self.streams[stream])}
        return {"how": None}

    async def finish(self, stream: int) -> Json:
        await self.streams[stream].close_write()
        return {}

    async def reset(self, stream: int) -> Json:
        await self.streams[stream].reset()
        return {}

    async def splice(self, stream: int, port: int) -> Json:
        socket = await trio.open_tcp_stream("127.0.0.1", port)
        self.nursery.start_soon(pump, self.streams[stream].read, socket.send_all)
        self.nursery.start_soon(pump, socket.receive_some, self.streams[stream].write)
        return {}

    async def pour(self, stream: int, bytes: int) -> Json:
        self.pours[stream] = progress = {"taken": 0, "error": None}
        self.nursery.start_soon(pour, self.streams[stream], bytes, progress)
        return {}

    async def poured(self, stream: int) -> Json:
        return self.pours[stream]

    async def ask(self, peer: str, protocol: str, hex: str, count: int, at_once: int) -> Json:
        answers: list[str | None] = [None] * count
        room = trio.CapacityLimiter(at_once)

        async def one(number: int) -> None:
            async with room:
                with trio.move_on_after(STREAM_SECONDS), suppress(Exception):
                    stream = await self.open(peer, protocol)
                    await stream.write(bytes.fromhex(hex))
                    answers[number] = (await receive_message(stream)).hex()
                    await stream.close()

        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(one, number)
        return {"answers": answers}


async def end_of(stream: INetStream) -> str:
    """How it ends; what comes until then is dropped. Whoever waits for bytes is told of a reset as of an end."""
    with suppress(StreamError):
        while await stream.read(POUR_BYTES):
            pass
    return "reset" if getattr(stream.muxed_stream, "reset_received", False) else "finished"


async def pump(
    read: Callable[[int], Awaitable[bytes]], write: Callable[[bytes], Awaitable[None]]
) -> None:
    with suppress(Exception):
        while data := await read(POUR_BYTES):
            await write(data)


async def pour(stream: INetStream, count: int, progress: Json) -> None:
    try:
        while progress["taken"] < count:
            await stream.write(bytes(min(POUR_BYTES, count - progress["taken"])))
            progress["taken"] += min(POUR_BYTES, count - progress["taken"])
    except Exception as error:
        progress["error"] = f"{type(error).__name__}: {error}"


async def main(key_log: str | None, relay: str | None) -> None:
    seconds, data = (int(number) for number in relay.split(",")) if relay else UNLIMITED
    limits = RelayLimits(duration=seconds, data=data, max_circuit_conns=16, max_reservations=128)
    roles = RelayRole.STOP | (RelayRole.HOP if relay else RelayRole.CLIENT)
    async with (
        running_host(key_log) as host,
        gossiping(host, "1.1") as (pubsub, router),
        trio.open_nursery() as nursery,
    ):
        protocol = CircuitV2Protocol(host, limits=limits, allow_hop=relay is not None)
        async with background_trio_service(protocol):
            transport = CircuitV2Transport(host, protocol, RelayConfig(roles=roles, limits=limits))
            peer = CircuitPeer(host, pubsub, router, transport, nursery)
            if not relay:
                nursery.start_soon(peer.listen)
            await obey(peer)
            nursery.cancel_scope.cancel()


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--relay", metavar="SECONDS,BYTES")
    arguments = parser.parse_args()
    trio.run(main, arguments.keylog, arguments.relay)
