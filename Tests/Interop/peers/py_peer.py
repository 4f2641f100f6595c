"""A py-libp2p peer process: JSON commands on standard input, JSON answers and events on standard output.

    python -m peers.py_peer [--keylog FILE]

README.md has the commands. It listens on both loopback addresses, and serves echo, transfer and perf.
"""

import argparse
import hashlib
import json
import os
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
from libp2p import new_host
from libp2p.abc import IHost, INetStream
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.network.stream.exceptions import StreamError
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.perf import PerfService
from multiaddr import Multiaddr

from . import payload
from .identify import read_identify
from .key_log import log_noise_keys
from .p2pd import decode_varint
from .peer import LISTEN

PING, IDENTIFY = "/ipfs/ping/1.0.0", "/ipfs/id/1.0.0"
RECORD_SECONDS = 5

Json = dict[str, Any]
Command = Callable[..., Awaitable[Json]]


class PyPeer:
    def __init__(self, host: IHost) -> None:
        self.host = host
        host.set_stream_handler(TProtocol(payload.ECHO), serve_echo)
        host.set_stream_handler(TProtocol(payload.TRANSFER), serve_transfer)
        self.commands: dict[str, Command] = {
            "connect": self.connect,
            "peers": self.peers,
            "ping": self.ping,
            "identify": self.identify,
            "echo": self.echo,
            "transfer": self.transfer,
        }

    async def connect(self, addr: str) -> Json:
        await self.host.connect(info_from_p2p_addr(Multiaddr(addr)))
        return {}

    async def peers(self) -> Json:
        return {"peers": [str(peer) for peer in self.host.get_connected_peers()]}

    async def ping(self, peer: str, count: int) -> Json:
        stream = await self.open(peer, PING)
        times = [await ping_once(stream) for _ in range(count)]
        await stream.close()
        return {"rttMs": times}

    async def identify(self, peer: str) -> Json:
        stream = await self.open(peer, IDENTIFY)
        message = await receive_message(stream)
        await stream.close()
        identified = read_identify(message, peer)
        return {
            "agent": identified.agent,
            "protocols": identified.protocols,
            "listenAddrs": identified.listen_addrs,
            "observedAddr": identified.observed_addr,
            "signedRecord": identified.signed_record and await self.keeps_record(peer),
        }

    async def keeps_record(self, peer: str) -> bool:
        """Whether py-libp2p, which identifies every new connection itself, took the signed record."""
        with trio.move_on_after(RECORD_SECONDS):
            while self.host.get_peerstore().get_peer_record(ID.from_base58(peer)) is None:
                await trio.sleep(0.02)
            return True
        return False

    async def echo(self, peer: str, streams: int, bytes: int) -> Json:
        """All streams are open and written to before the first answer is read."""
        opened = [await self.open(peer, payload.ECHO) for _ in range(streams)]
        sent = [os.urandom(bytes) for _ in opened]
        for stream, data in zip(opened, sent, strict=True):
            await stream.write(data)
        echoed = 0
        for stream, data in zip(opened, sent, strict=True):
            echoed += await receive_exactly(stream, bytes) == data
            await stream.close()
        return {"echoed": echoed}

    async def transfer(self, peer: str, up: int, down: int, seed: int) -> Json:
        stream = await self.open(peer, payload.TRANSFER)
        await stream.write(struct.pack(">QQQ", up, down, seed))
        sent = await send_hashed(stream, seed, up)
        remote = (await receive_exactly(stream, 32)).hex()
        received = await receive_hashed(stream, down)
        await stream.close()
        return {"sentSha256": sent, "remoteSha256": remote, "receivedSha256": received}

    async def open(self, peer: str, protocol: str) -> INetStream:
        return await self.host.new_stream(ID.from_base58(peer), [TProtocol(protocol)])

    async def answer(self, line: str) -> None:
        request = json.loads(line)
        id, name = request.pop("id"), request.pop("cmd")
        try:
            emit(id=id, ok=True, **await self.commands[name](**request))
        except Exception as error:
            emit(id=id, ok=False, error=describe(error))


def describe(error: BaseException) -> str:
    """The error and what it came from; py-libp2p's outermost errors alone say little."""
    text = f"{type(error).__name__}: {error}"
    return text if error.__cause__ is None else f"{text} <- {describe(error.__cause__)}"


def emit(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


async def receive_exactly(stream: INetStream, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = await stream.read(count - len(data))
        if not part:
            raise EOFError(f"the stream ended {count - len(data)} bytes short of {count}")
        data += part
    return bytes(data)


async def receive_message(stream: INetStream) -> bytes:
    length = bytearray()
    while not length or length[-1] >= 0x80:
        length += await receive_exactly(stream, 1)
    return await receive_exactly(stream, decode_varint(bytes(length), 0)[0])


async def ping_once(stream: INetStream) -> float:
    sent, start = os.urandom(32), time.perf_counter()
    await stream.write(sent)
    if await receive_exactly(stream, 32) != sent:
        raise ValueError("the ping came back changed")
    return (time.perf_counter() - start) * 1000


async def send_hashed(stream: INetStream, seed: int, length: int) -> str:
    sha = hashlib.sha256()
    for block in payload.blocks(seed, length):
        sha.update(block)
        await stream.write(block)
    return sha.hexdigest()


async def receive_hashed(stream: INetStream, length: int) -> str:
    sha = hashlib.sha256()
    while length > 0:
        data = await stream.read(min(length, payload.BLOCK))
        if not data:
            raise EOFError(f"the stream ended {length} bytes short")
        sha.update(data)
        length -= len(data)
    return sha.hexdigest()


async def serve_echo(stream: INetStream) -> None:
    try:
        while data := await stream.read(payload.BLOCK):
            await stream.write(data)
    except StreamError:
        pass  # py-libp2p tells the end of a stream by an error
    await stream.close()


async def serve_transfer(stream: INetStream) -> None:
    up, down, seed = struct.unpack(">QQQ", await receive_exactly(stream, 24))
    await stream.write(bytes.fromhex(await receive_hashed(stream, up)))
    await send_hashed(stream, seed + 1, down)
    await stream.close()


@asynccontextmanager
async def running_host(key_log: str | None, seed: bytes | None = None) -> AsyncIterator[IHost]:
    """A host that listens on both loopback addresses, of the identity of that seed or a new one."""
    if key_log:
        log_noise_keys(key_log)
    listen = [Multiaddr(addr) for addr in LISTEN]
    keys = create_new_key_pair(seed or os.urandom(32))
    host = new_host(key_pair=keys, listen_addrs=listen, muxer_preference="YAMUX")
    async with host.run(listen_addrs=listen):
        yield host


def addresses(host: IHost) -> list[str]:
    return [f"{addr.decapsulate_code(421)}/p2p/{host.get_id()}" for addr in host.get_addrs()]


async def obey(peer: PyPeer) -> None:
    """Says that the peer is ready, then does what it is told until it is told to quit."""
    emit(event="ready", peerId=str(peer.host.get_id()), addrs=addresses(peer.host))
    input = trio.wrap_file(sys.stdin)
    while line := await input.readline():
        if json.loads(line).get("cmd") == "quit":
            break
        await peer.answer(line)


def flags(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--keylog", metavar="FILE")
    return parser


async def main(key_log: str | None) -> None:
    async with running_host(key_log) as host:
        await PerfService(host).start()
        await obey(PyPeer(host))


if __name__ == "__main__":
    trio.run(main, flags(__doc__).parse_args().keylog)
