"""GossipSub on the wire, made and read by hand: the pubsub RPC of the specifications 1.0 to 1.2.

It shares nothing with our node or with a library, so that it can say what no library would say.
"""

import itertools
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from libp2p.peer.id import ID

from .p2pd import Value, decode, decode_varint, encode, encode_varint

CHAT_TOPIC = "p2p-chat-global"
MESHSUB = {version: f"/meshsub/{version}.0" for version in ("1.0", "1.1", "1.2")}
SIGNED_PREFIX = b"libp2p-pubsub:"
ED25519_IDENTITY = bytes.fromhex("002408011220")
"""What stands before the public key in an Ed25519 PeerID."""


# Messages


@dataclass(frozen=True)
class Published:
    """A message as it stands in an RPC."""

    author: str
    data: bytes
    sequence: bytes
    topic: str
    signature: bytes

    @property
    def text(self) -> str:
        return self.data.decode()

    @property
    def is_signed(self) -> bool:
        """Whether its author, and nobody else, wrote it."""
        signed = encode(
            (1, ID.from_base58(self.author).to_bytes()), (2, self.data), (3, self.sequence), (4, self.topic)
        )
        public = ID.from_base58(self.author).to_bytes().removeprefix(ED25519_IDENTITY)
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(self.signature, SIGNED_PREFIX + signed)
        except InvalidSignature:
            return False
        return True


class Author:
    """Somebody who writes messages; whoever carries them may be another."""

    def __init__(self) -> None:
        self.seed = os.urandom(32)
        self._key = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.id = ED25519_IDENTITY + self._key.public_key().public_bytes_raw()
        self.peer_id = str(ID(self.id))
        self._sequences = itertools.count(time.time_ns())

    def message(
        self,
        data: str | bytes,
        topic: str = CHAT_TOPIC,
        sequence: int | None = None,
        signed_by: "Author | None" = None,
    ) -> bytes:
        """A message of ours, signed by us unless another forges it."""
        number = next(self._sequences) if sequence is None else sequence
        fields = self._fields(data, topic, number)
        signature = (signed_by or self)._key.sign(SIGNED_PREFIX + encode(*fields))
        return encode(*fields, (5, signature))

    def messages(self, texts: Iterable[str]) -> list[bytes]:
        return [self.message(text) for text in texts]

    def unsigned(self, data: str | bytes, topic: str = CHAT_TOPIC) -> bytes:
        return encode(*self._fields(data, topic, next(self._sequences)))

    def _fields(self, data: str | bytes, topic: str, sequence: int) -> list[tuple[int, Value]]:
        return [(1, self.id), (2, data), (3, sequence.to_bytes(8, "big")), (4, topic)]


# RPCs, each behind its length


def frame(rpc: bytes) -> bytes:
    return encode_varint(len(rpc)) + rpc


def publish(*messages: bytes) -> bytes:
    return frame(encode(*((2, message) for message in messages)))


def subscribe(*topics: str | bytes) -> bytes:
    return frame(encode(*((1, encode((1, 1), (2, topic))) for topic in topics)))


def unsubscribe(*topics: str | bytes) -> bytes:
    return frame(encode(*((1, encode((1, 0), (2, topic))) for topic in topics)))


def control(*fields: tuple[int, Value]) -> bytes:
    return frame(encode((3, encode(*fields))))


def graft(*topics: str) -> bytes:
    return control(*((3, encode((1, topic))) for topic in topics))


def prune(topic: str, backoff: int) -> bytes:
    return control((4, encode((1, topic), (3, backoff))))


def ihave(topic: str, ids: list[bytes]) -> bytes:
    return control((1, encode((1, topic), *((2, id) for id in ids))))


def iwant(ids: list[bytes]) -> bytes:
    return control((2, encode(*((1, id) for id in ids))))


def idontwant(ids: list[bytes]) -> bytes:
    return control((5, encode(*((1, id) for id in ids))))


# Reading


@dataclass
class Said:
    """Everything one side said on its gossip stream."""

    subscriptions: list[tuple[str, bool]] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    announced: list[bytes] = field(default_factory=list)
    """Ids of messages in IHAVEs."""
    wanted: list[bytes] = field(default_factory=list)
    unwanted: list[bytes] = field(default_factory=list)
    grafts: list[str] = field(default_factory=list)
    prunes: list[str] = field(default_factory=list)

    def add(self, rpc: bytes) -> None:
        fields = decode(rpc)
        for body in map(decode, fields.all(1)):
            self.subscriptions.append((body.body(2).decode(), body.numbers.get(1, [0]) == [1]))
        self.published += [read_message(message) for message in fields.all(2)]
        for body in map(decode, fields.all(3)):
            self.announced += [id for said in body.all(1) for id in decode(said).all(2)]
            self.wanted += [id for said in body.all(2) for id in decode(said).all(1)]
            self.grafts += [decode(said).body(1).decode() for said in body.all(3)]
            self.prunes += [decode(said).body(1).decode() for said in body.all(4)]
            self.unwanted += [id for said in body.all(5) for id in decode(said).all(1)]


def read_message(message: bytes) -> Published:
    fields = decode(message)
    return Published(
        author=str(ID(fields.body(1))),
        data=fields.body(2),
        sequence=fields.body(3),
        topic=fields.body(4).decode(),
        signature=fields.body(5),
    )


def said(stream: bytes) -> Said:
    """What the bytes of a gossip stream, after its negotiation, say; an RPC cut off at its end is not."""
    everything = Said()
    for rpc in frames(stream):
        everything.add(rpc)
    return everything


def frames(stream: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(stream):
        try:
            length, start = decode_varint(stream, at)
        except IndexError:
            return
        if start + length > len(stream):
            return
        yield stream[start : start + length]
        at = start + length
