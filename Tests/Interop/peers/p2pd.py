"""The control protocol of p2pd, the go-libp2p daemon: protobuf messages, length-prefixed, on a UNIX socket.

A stream is a control connection that turned into the stream. The daemon's proxy knows no half-close: closing
the socket closes both directions, so nothing here waits for an end of stream before it has what it wants.
"""

import socket
from enum import IntEnum
from pathlib import Path

from .peer import PeerError

SOCKET_SECONDS = 60

Value = int | bytes | str


class Fields:
    """The fields of a decoded message, by number: the varints and the length-delimited ones."""

    def __init__(self) -> None:
        self.numbers: dict[int, list[int]] = {}
        self.bodies: dict[int, list[bytes]] = {}

    def body(self, number: int) -> bytes:
        """The first length-delimited field of that number; empty if there is none."""
        return self.all(number)[0] if self.all(number) else b""

    def all(self, number: int) -> list[bytes]:
        return self.bodies.get(number, [])


class RequestType(IntEnum):
    IDENTIFY = 0
    CONNECT = 1
    STREAM_OPEN = 2
    STREAM_HANDLER = 3
    LIST_PEERS = 5
    PUBSUB = 8


def encode_varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def decode_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, at


def encode(*fields: tuple[int, Value]) -> bytes:
    """A protobuf message of varint and length-delimited fields."""
    out = bytearray()
    for number, value in fields:
        if isinstance(value, int):
            out += encode_varint(number << 3) + encode_varint(value)
        else:
            body = value.encode() if isinstance(value, str) else value
            out += encode_varint(number << 3 | 2) + encode_varint(len(body)) + body
    return bytes(out)


def decode(data: bytes) -> Fields:
    fields = Fields()
    at = 0
    while at < len(data):
        tag, at = decode_varint(data, at)
        number, at = decode_varint(data, at)
        if tag & 7 == 2:
            fields.bodies.setdefault(tag >> 3, []).append(data[at : at + number])
            at += number
        else:
            fields.numbers.setdefault(tag >> 3, []).append(number)
    return fields


def receive_exactly(sock: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = sock.recv(min(count - len(data), 1 << 20))
        if not part:
            raise PeerError(f"p2pd closed the stream {count - len(data)} bytes short of {count}")
        data += part
    return bytes(data)


def send_message(sock: socket.socket, message: bytes) -> None:
    sock.sendall(encode_varint(len(message)) + message)


def receive_message(sock: socket.socket) -> bytes:
    length = bytearray()
    while not length or length[-1] >= 0x80:
        length += receive_exactly(sock, 1)
    return receive_exactly(sock, decode_varint(bytes(length), 0)[0])


class Control:
    """One control connection; a context manager, unless it became a stream."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SOCKET_SECONDS)
        self.socket.connect(str(path))

    def __enter__(self) -> "Control":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def request(self, kind: RequestType, *fields: tuple[int, Value]) -> Fields:
        send_message(self.socket, encode((1, kind), *fields))
        response = decode(receive_message(self.socket))
        if response.numbers[1] != [0]:
            raise PeerError("p2pd: " + decode(response.body(2)).body(1).decode())
        return response
