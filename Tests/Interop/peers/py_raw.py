"""A peer that says on its gossip streams what it is given, byte by byte, as a process of JSON lines.

    python -m peers.py_raw [--keylog FILE] [--meshsub 1.0|1.1|1.2]

`become` (seed in hex) makes it another peer, with the PeerID and the addresses of the answer. `open` (peer)
opens its gossip stream; `send` (peer, parts in hex, perSecond) writes to it, at that pace or, with 0, as fast
as it goes, and answers once all is written. What the other side says is an event for each RPC:
`{"event": "rpc", "from": …, "rpc": <protobuf in hex>}`.
"""

import trio
from libp2p.abc import IHost, INetStream
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID

from .py_gossiper import versions
from .py_peer import Json, PyPeer, addresses, emit, flags, obey, receive_message, running_host
from .rpc import MESHSUB

TICK_SECONDS = 0.01


class RawPeer(PyPeer):
    def __init__(self, host: IHost, protocols: list[TProtocol], nursery: trio.Nursery) -> None:
        super().__init__(host)
        self.protocols, self.nursery = protocols, nursery
        self.streams: dict[str, INetStream] = {}
        self.life = trio.CancelScope()
        self.commands |= {"become": self.become, "open": self.open_gossip, "send": self.send}

    async def become(self, seed: str) -> Json:
        self.life.cancel()
        self.streams.clear()
        self.life = trio.CancelScope()
        await self.nursery.start(self.live, bytes.fromhex(seed))
        return {"peerId": str(self.host.get_id()), "addrs": addresses(self.host)}

    async def live(self, seed: bytes, task_status: trio.TaskStatus[None]) -> None:
        with self.life:
            async with running_host(None, seed) as self.host:
                for protocol in self.protocols:
                    self.host.set_stream_handler(protocol, hear)
                task_status.started()
                await trio.sleep_forever()

    async def open_gossip(self, peer: str) -> Json:
        stream = await self.host.new_stream(ID.from_base58(peer), self.protocols)
        self.streams[peer] = stream
        return {"protocol": str(stream.get_protocol())}

    async def send(self, peer: str, parts: list[str], perSecond: float) -> Json:
        stream, start, sent = self.streams[peer], trio.current_time(), 0
        while sent < len(parts):
            due = len(parts)
            if perSecond:
                due = min(due, int((trio.current_time() - start) * perSecond) + 1)
            if due > sent:
                await stream.write(b"".join(bytes.fromhex(part) for part in parts[sent:due]))
                sent = due
            elif perSecond:
                await trio.sleep(TICK_SECONDS)
        return {"seconds": trio.current_time() - start}


async def hear(stream: INetStream) -> None:
    try:
        while True:
            rpc = await receive_message(stream)
            emit(event="rpc", **{"from": str(stream.muxed_conn.peer_id)}, rpc=rpc.hex())
    except Exception as error:
        emit(event="gossip ended", error=str(error))


async def main(key_log: str | None, best: str) -> None:
    async with running_host(key_log) as host, trio.open_nursery() as nursery:
        await obey(RawPeer(host, versions(best), nursery))
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--meshsub", choices=sorted(MESHSUB), default="1.2")
    arguments = parser.parse_args()
    trio.run(main, arguments.keylog, arguments.meshsub)
