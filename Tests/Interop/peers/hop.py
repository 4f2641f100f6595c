"""Circuit Relay v2 on the wire, made and read by hand: what goes over hop and stop streams.

It shares nothing with our node or with a library, so that it can say what no library would say.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from libp2p.peer.id import ID
from multiaddr import Multiaddr

from .p2pd import Value, decode, encode, encode_varint

HOP, STOP = "/libp2p/circuit/relay/0.2.0/hop", "/libp2p/circuit/relay/0.2.0/stop"
RESERVE, CONNECT, STATUS = 0, 1, 2
STOP_CONNECT, STOP_STATUS = 0, 1
VOUCHER_DOMAIN, VOUCHER_TYPE = b"libp2p-relay-rsvp", bytes([0x03, 0x02])


class Code(IntEnum):
    """The statuses of the specification."""

    OK = 100
    RESERVATION_REFUSED = 200
    RESOURCE_LIMIT_EXCEEDED = 201
    PERMISSION_DENIED = 202
    CONNECTION_FAILED = 203
    NO_RESERVATION = 204
    MALFORMED_MESSAGE = 400
    UNEXPECTED_MESSAGE = 401


# Making


def frame(message: bytes) -> bytes:
    return encode_varint(len(message)) + message


def reserve() -> bytes:
    return frame(encode((1, RESERVE)))


def connect(peer: str) -> bytes:
    return frame(encode((1, CONNECT), (2, peer_of(peer))))


def stop_connect(peer: str) -> bytes:
    return frame(encode((1, STOP_CONNECT), (2, peer_of(peer))))


def stop_status(code: int) -> bytes:
    return frame(encode((1, STOP_STATUS), (4, code)))


def peer_of(peer: str) -> bytes:
    return encode((1, ID.from_base58(peer).to_bytes()))


def status(
    code: int,
    expires: int | None = None,
    addrs: list[str] | None = None,
    voucher: bytes = b"",
    seconds: int = 0,
    data: int = 0,
) -> bytes:
    """A relay's answer; with a reservation if it expires or has addresses, with a limit if there is one."""
    fields: list[tuple[int, Value]] = [(1, STATUS)]
    if expires is not None or addrs is not None:
        reservation: list[tuple[int, Value]] = [] if expires is None else [(1, expires)]
        reservation += [(2, Multiaddr(addr).to_bytes()) for addr in addrs or []]
        fields.append((3, encode(*reservation, *([(3, voucher)] if voucher else []))))
    if seconds or data:
        fields.append((4, encode((1, seconds), (2, data))))
    return frame(encode(*fields, (5, code)))


def voucher(key: Ed25519PrivateKey, relay: str, peer: str, expires: int) -> bytes:
    """An envelope with the word of `relay` that it serves `peer`, signed by whoever has the key."""
    payload = encode(
        (1, ID.from_base58(relay).to_bytes()), (2, ID.from_base58(peer).to_bytes()), (3, expires)
    )
    signed = b"".join(frame(part) for part in (VOUCHER_DOMAIN, VOUCHER_TYPE, payload))
    public = encode((1, 1), (2, key.public_key().public_bytes_raw()))
    return encode((1, public), (2, VOUCHER_TYPE), (3, payload), (5, key.sign(signed)))


# Reading


@dataclass
class Answer:
    """A STATUS, and what came with it."""

    code: int
    expires: int = 0
    addrs: list[str] = field(default_factory=list)
    voucher: bytes = b""
    seconds: int = 0
    data: int = 0


def read_hop(message: bytes) -> Answer:
    fields = decode(message)
    assert fields.numbers.get(1, [0]) == [STATUS], f"no STATUS: {message.hex()}"
    reservation, limit = decode(fields.body(3)), decode(fields.body(4))
    return Answer(
        code=fields.numbers[5][0],
        expires=reservation.numbers.get(1, [0])[0],
        addrs=[str(Multiaddr(addr)) for addr in reservation.all(2)],
        voucher=reservation.body(3),
        seconds=limit.numbers.get(1, [0])[0],
        data=limit.numbers.get(2, [0])[0],
    )


def read_stop(message: bytes) -> int:
    fields = decode(message)
    assert fields.numbers.get(1, [0]) == [STOP_STATUS], f"no STATUS: {message.hex()}"
    return fields.numbers[4][0]


def wanted_peer(message: bytes) -> str:
    """Whom a CONNECT is about."""
    return str(ID(decode(decode(message).body(2)).body(1)))
