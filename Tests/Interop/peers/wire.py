"""What was negotiated, read from the packets: multistream-select, Noise XX opened with a key log, the muxer.

Written from the specifications alone (Noise revision 34, libp2p noise, multistream-select 1.0, yamux) and
sharing nothing with our node, so that neither side is believed for what it says of itself.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from libp2p.crypto.serialization import deserialize_public_key
from libp2p.peer.id import ID

from .key_log import Keys
from .p2pd import decode, decode_varint
from .tap import Recording

MULTISTREAM = "/multistream/1.0.0"
NOT_AVAILABLE = "na"
NOISE, YAMUX = "/noise", "/yamux/1.0.0"
NOISE_XX = b"Noise_XX_25519_ChaChaPoly_SHA256"
EARLY, IN_BAND = "in the Noise handshake", "by multistream-select"
YAMUX_HEADER = struct.Struct(">BBHII")
YAMUX_DATA = 0


@dataclass(frozen=True)
class Negotiated:
    """One connection as its packets tell it."""

    security: str
    dialer: str
    """The PeerID the dialer proved in the handshake."""
    listener: str
    muxers_offered: tuple[list[str], list[str]]
    """What dialer and listener named in their handshake payloads."""
    muxer: str
    muxer_agreed: str
    """`EARLY` or `IN_BAND`."""


@dataclass(frozen=True)
class Channel:
    """One connection, opened: what its two sides said inside the encryption."""

    security: str
    dialer_payload: bytes
    """Of the handshake."""
    listener_payload: bytes
    sent: bytes
    """By the dialer, from the negotiation of the muxer on."""
    received: bytes


def open_channel(recording: Recording, keys: dict[bytes, Keys]) -> Channel:
    dialer, listener = bytes(recording.dialer), bytes(recording.listener)
    proposals, from_dialer = read_agreement(dialer)
    answers, from_listener = read_agreement(listener)
    if proposals[-1] != answers[-1]:
        raise ValueError(f"the dialer proposed {proposals}, the listener answered {answers}")
    ours, theirs = list(frames(dialer[from_dialer:])), list(frames(listener[from_listener:]))
    ephemeral = ours[0][:32]
    if ephemeral not in keys:
        raise ValueError(f"no keys for the channel {ephemeral.hex()} in the key log")
    channel = keys[ephemeral]
    responder, initiator = open_handshake(ours[0], theirs[0], ours[1], channel.handshake)
    return Channel(
        security=answers[-1],
        dialer_payload=initiator,
        listener_payload=responder,
        sent=open_transport(channel.transport[0], ours[2:]),
        received=open_transport(channel.transport[1], theirs[1:]),
    )


def read_negotiation(recording: Recording, keys: dict[bytes, Keys]) -> Negotiated:
    channel = open_channel(recording, keys)
    muxer, agreed, _ = read_muxer(channel.sent, channel.received)
    return Negotiated(
        security=channel.security,
        dialer=proven_peer(channel.dialer_payload),
        listener=proven_peer(channel.listener_payload),
        muxers_offered=(offered_muxers(channel.dialer_payload), offered_muxers(channel.listener_payload)),
        muxer=muxer,
        muxer_agreed=agreed,
    )


# Multistream-select


def read_line(data: bytes, at: int) -> tuple[str, int]:
    length, at = decode_varint(data, at)
    return data[at : at + length - 1].decode(), at + length


def read_agreement(data: bytes) -> tuple[list[str], int]:
    """The lines one side wrote up to the agreed protocol, and where they end."""
    lines: list[str] = []
    line, at = read_line(data, 0)
    if line != MULTISTREAM:
        raise ValueError(f"not multistream-select: {line!r}")
    while not lines or lines[-1] not in (NOISE, YAMUX):
        line, at = read_line(data, at)
        lines.append(line)
    return lines, at


# Noise


def frames(data: bytes) -> Iterator[bytes]:
    """The complete Noise frames: two bytes of length, big-endian, and a body."""
    at = 0
    while at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data):
            return
        yield data[at + 2 : end]
        at = end


class Transcript:
    """The handshake hash `h`, which is the associated data of everything encrypted in the handshake."""

    def __init__(self) -> None:
        self.h = NOISE_XX.ljust(32, b"\0")
        self.mix(b"")  # the prologue

    def mix(self, data: bytes) -> None:
        self.h = hashlib.sha256(self.h + data).digest()

    def open(self, key: bytes, counter: int, ciphertext: bytes) -> bytes:
        plain = ChaCha20Poly1305(key).decrypt(nonce(counter), ciphertext, self.h)
        self.mix(ciphertext)
        return plain


def nonce(counter: int) -> bytes:
    return bytes(4) + counter.to_bytes(8, "little")


def open_handshake(
    first: bytes, second: bytes, third: bytes, keys: tuple[bytes, bytes, bytes]
) -> tuple[bytes, bytes]:
    """The payloads of the responder's message 2 and the initiator's message 3."""
    transcript = Transcript()
    transcript.mix(first[:32])
    transcript.mix(first[32:])
    transcript.mix(second[:32])
    transcript.open(keys[0], 0, second[32:80])
    responder = transcript.open(keys[1], 0, second[80:])
    transcript.open(keys[1], 1, third[:48])
    initiator = transcript.open(keys[2], 0, third[48:])
    return responder, initiator


def open_transport(key: bytes, sealed: list[bytes]) -> bytes:
    cipher = ChaCha20Poly1305(key)
    return b"".join(cipher.decrypt(nonce(counter), frame, None) for counter, frame in enumerate(sealed))


def proven_peer(handshake_payload: bytes) -> str:
    return str(ID.from_pubkey(deserialize_public_key(decode(handshake_payload).body(1))))


def offered_muxers(handshake_payload: bytes) -> list[str]:
    extensions = decode(decode(handshake_payload).body(4))
    return [name.decode() for name in extensions.all(2)]


# The muxer


def read_muxer(sent: bytes, received: bytes) -> tuple[str, str, tuple[bytes, bytes]]:
    """Which muxer, how it was agreed, and what the two sides said in it."""
    if sent[:1] == b"\0":  # a yamux header's version; multistream-select begins with a length
        check_yamux(sent)
        check_yamux(received)
        return YAMUX, EARLY, (sent, received)
    proposals, from_dialer = read_agreement(sent)
    answers, from_listener = read_agreement(received)
    sent, received = sent[from_dialer:], received[from_listener:]
    check_yamux(sent)
    check_yamux(received)
    if proposals[-1] != answers[-1]:
        raise ValueError(f"the dialer proposed {proposals}, the listener answered {answers}")
    return answers[-1], IN_BAND, (sent, received)


@dataclass(frozen=True)
class YamuxFrame:
    kind: int
    stream: int
    body: bytes


def yamux_frames(data: bytes) -> Iterator[YamuxFrame]:
    """The complete frames; raises if one is not yamux."""
    at = 0
    while at + YAMUX_HEADER.size <= len(data):
        version, kind, _, stream, length = YAMUX_HEADER.unpack_from(data, at)
        if version != 0 or kind > 3:
            raise ValueError(f"not a yamux header: {data[at : at + YAMUX_HEADER.size].hex()}")
        start = at + YAMUX_HEADER.size
        at = start + (length if kind == YAMUX_DATA else 0)
        if at <= len(data):
            yield YamuxFrame(kind, stream, data[start:at])


def check_yamux(data: bytes) -> None:
    for _ in yamux_frames(data):
        pass


# Streams


@dataclass(frozen=True)
class Stream:
    """A stream on which a protocol was agreed, with what its two sides said in it."""

    opened_by_dialer: bool
    protocol: str
    opener: bytes
    acceptor: bytes


def read_streams(recording: Recording, keys: dict[bytes, Keys]) -> list[Stream]:
    """The streams of a connection, in the order in which the dialer's, then the listener's, were opened."""
    channel = open_channel(recording, keys)
    *_, (sent, received) = read_muxer(channel.sent, channel.received)
    dialer, listener = bytes_by_stream(sent), bytes_by_stream(received)
    streams: list[Stream] = []
    for number in sorted(dialer.keys() & listener.keys(), key=lambda number: (number % 2 == 0, number)):
        opened_by_dialer = number % 2 == 1
        opener, acceptor = dialer[number], listener[number]
        if not opened_by_dialer:
            opener, acceptor = acceptor, opener
        if stream := read_stream(opened_by_dialer, opener, acceptor):
            streams.append(stream)
    return streams


def bytes_by_stream(data: bytes) -> dict[int, bytes]:
    streams: dict[int, bytearray] = {}
    for frame in yamux_frames(data):
        if frame.kind == YAMUX_DATA:
            streams.setdefault(frame.stream, bytearray()).extend(frame.body)
    return {number: bytes(said) for number, said in streams.items()}


def read_stream(opened_by_dialer: bool, opener: bytes, acceptor: bytes) -> Stream | None:
    """The stream after its negotiation; `None` if that did not come to an agreement."""
    try:
        line, answered = read_line(acceptor, 0)
        _, proposed = read_line(opener, 0)
        while line in (MULTISTREAM, NOT_AVAILABLE):
            line, answered = read_line(acceptor, answered)
            proposal, proposed = read_line(opener, proposed)
    except IndexError:
        return None
    return (
        Stream(opened_by_dialer, line, opener[proposed:], acceptor[answered:]) if line == proposal else None
    )
