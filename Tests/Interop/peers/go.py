"""A go-libp2p peer: a p2pd process whose streams end in this one."""

import hashlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from libp2p.peer.id import ID
from multiaddr import Multiaddr

from . import payload
from .identify import read_identify
from .p2pd import Control, RequestType, decode, encode, encode_varint, receive_exactly, receive_message
from .peer import LISTEN, Identified, PeerError, Transferred
from .process import Child

PING, IDENTIFY = "/ipfs/ping/1.0.0", "/ipfs/id/1.0.0"
BENCH = "/gopeer/bench/1"
UNIX_CODE = 400
START_SECONDS = 10
CONNECT_SECONDS = 20
IDENTIFY_SECONDS = 5

Handler = Callable[[socket.socket], None]


class GoPeer:
    make = "go"
    key_log = None

    def __init__(self, p2pd: Path, home: Path, flags: Sequence[str] = ()) -> None:
        self.home, self.control, self.log = home, home / "p2pd.sock", home / "go.log"
        argv = [
            str(p2pd),
            "-listen",
            f"/unix{self.control}",
            "-hostAddrs",
            ",".join(LISTEN),
            "-relay=0",
            *flags,
        ]
        self.child = Child(argv, self.log, env={"GOLOG_LOG_LEVEL": "error,net/identify=debug"})
        self._handlers: list[socket.socket] = []
        try:
            self.peer_id, self.addrs = self._identity()
            self.serve(payload.ECHO, serve_echo)
            self.serve(payload.TRANSFER, serve_transfer)
            self.serve(BENCH, serve_bench)
        except PeerError:
            self.stop()
            raise

    def connect(self, addr: str) -> None:
        transport, _, peer = addr.rpartition("/p2p/")
        target = encode((1, id_bytes(peer)), (2, Multiaddr(transport).to_bytes()), (3, CONNECT_SECONDS))
        with Control(self.control) as control:
            control.request(RequestType.CONNECT, (2, target))

    def peers(self) -> set[str]:
        with Control(self.control) as control:
            response = control.request(RequestType.LIST_PEERS)
        return {str(ID(decode(peer).body(1))) for peer in response.all(6)}

    def ping(self, peer: str, count: int) -> list[float]:
        with closing(self.open(peer, PING)) as stream:
            return [ping_once(stream) for _ in range(count)]

    def identify(self, peer: str) -> Identified:
        with closing(self.open(peer, IDENTIFY)) as stream:
            seen = read_identify(receive_message(stream), peer)
        return replace(seen, signed_record=seen.signed_record and self._accepted_record(peer))

    def _accepted_record(self, peer: str) -> bool:
        """Whether go-libp2p, which identifies every new connection itself, took the record; its log tells."""
        deadline = time.monotonic() + IDENTIFY_SECONDS
        while f"received listen addrs for {peer}" not in (log := self.log.read_text()):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return "consume signed peer record" not in log and "error getting peer record" not in log

    def echo(self, peer: str, streams: int, size: int) -> int:
        """All are open and written to before the first answer is read, so `size` must fit the windows."""
        opened = [self.open(peer, payload.ECHO) for _ in range(streams)]
        try:
            sent = [os.urandom(size) for _ in opened]
            for stream, data in zip(opened, sent, strict=True):
                stream.sendall(data)
            return sum(
                receive_exactly(stream, size) == data for stream, data in zip(opened, sent, strict=True)
            )
        finally:
            for stream in opened:
                stream.close()

    def transfer(self, peer: str, up: int, down: int, seed: int) -> Transferred:
        with closing(self.open(peer, payload.TRANSFER)) as stream:
            stream.sendall(struct.pack(">QQQ", up, down, seed))
            sent = send_hashed(stream, seed, up)
            remote = receive_exactly(stream, 32).hex()
            return Transferred(sent, remote, receive_hashed(stream, down))

    def bench(self, peer: str, up: int, down: int) -> None:
        """The counted protocol `/gopeer/bench/1` as its client."""
        with closing(self.open(peer, BENCH)) as stream:
            stream.sendall(struct.pack(">QQ", up, down))
            send_hashed(stream, 0, up)
            if receive_exactly(stream, 1) != b"\x06":
                raise PeerError("the answer to a counted upload is one byte 6")
            receive_hashed(stream, down)

    def open(self, peer: str, protocol: str) -> socket.socket:
        control = Control(self.control)
        try:
            wanted = encode((1, id_bytes(peer)), (2, protocol), (3, CONNECT_SECONDS))
            control.request(RequestType.STREAM_OPEN, (3, wanted))
        except PeerError:
            control.socket.close()
            raise
        return control.socket

    def serve(self, protocol: str, handler: Handler) -> None:
        path = self.home / f"handler{len(self._handlers)}.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(256)
        self._handlers.append(listener)
        threading.Thread(target=accept, args=(listener, handler), daemon=True).start()
        with Control(self.control) as control:
            target = encode((1, unix_multiaddr(path)), (2, protocol), (3, False))
            control.request(RequestType.STREAM_HANDLER, (4, target))

    def stop(self) -> None:
        self.child.stop()
        for listener in self._handlers:
            listener.close()

    def _identity(self) -> tuple[str, list[str]]:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with Control(self.control) as control:
                    identity = decode(control.request(RequestType.IDENTIFY).body(4))
                break
            except OSError:
                if self.child.process.poll() is not None or time.monotonic() > deadline:
                    raise PeerError(f"p2pd does not answer: {self.child.obituary()}") from None
                time.sleep(0.02)
        peer_id = str(ID(identity.body(1)))
        return peer_id, [f"{Multiaddr(addr)}/p2p/{peer_id}" for addr in identity.all(2)]


def id_bytes(peer: str) -> bytes:
    return ID.from_base58(peer).to_bytes()


def unix_multiaddr(path: Path) -> bytes:
    """Go takes the path with its leading slash, which the Python library leaves out."""
    name = str(path).encode()
    return encode_varint(UNIX_CODE) + encode_varint(len(name)) + name


def accept(listener: socket.socket, handler: Handler) -> None:
    """Hands every stream the daemon forwards to a thread, until the listener is closed."""
    while True:
        try:
            stream, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=attend, args=(stream, handler), daemon=True).start()


def attend(stream: socket.socket, handler: Handler) -> None:
    with closing(stream):
        try:
            receive_message(stream)  # whose stream it is
            handler(stream)
        except (OSError, PeerError):
            pass  # the other end sees it, and says so


def ping_once(stream: socket.socket) -> float:
    sent, start = os.urandom(32), time.perf_counter()
    stream.sendall(sent)
    if receive_exactly(stream, 32) != sent:
        raise PeerError("the ping came back changed")
    return (time.perf_counter() - start) * 1000


def send_hashed(stream: socket.socket, seed: int, length: int) -> str:
    sha = hashlib.sha256()
    for block in payload.blocks(seed, length):
        sha.update(block)
        stream.sendall(block)
    return sha.hexdigest()


def receive_hashed(stream: socket.socket, length: int) -> str:
    sha, buffer = hashlib.sha256(), memoryview(bytearray(1 << 18))
    while length > 0:
        count = stream.recv_into(buffer, min(length, len(buffer)))
        if count == 0:
            raise PeerError(f"the stream ended {length} bytes short")
        sha.update(buffer[:count])
        length -= count
    return sha.hexdigest()


def serve_echo(stream: socket.socket) -> None:
    while data := stream.recv(1 << 16):
        stream.sendall(data)


def serve_transfer(stream: socket.socket) -> None:
    up, down, seed = struct.unpack(">QQQ", receive_exactly(stream, 24))
    stream.sendall(bytes.fromhex(receive_hashed(stream, up)))
    send_hashed(stream, seed + 1, down)


def serve_bench(stream: socket.socket) -> None:
    while True:
        up, down = struct.unpack(">QQ", receive_exactly(stream, 16))
        receive_hashed(stream, up)
        stream.sendall(b"\x06")
        send_hashed(stream, 0, down)
