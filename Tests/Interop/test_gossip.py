"""Gossip on the chat topic with Go and Python peers: each as dialler and as listener, and in a line."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import GO, MESH, PY, Crew
from peers.gossip import ForeignGossiper, Gossiper, acquainted, greeted, is_chat, texts_heard
from peers.key_log import read_key_log
from peers.meshnode import MeshNode, Received
from peers.peer import IP4, address
from peers.rpc import CHAT_TOPIC, MESHSUB, Published, Said, said
from peers.tap import Recording, Tap
from peers.wire import read_streams

COUNT = 10
SPEECH = "Grüße, Γειά, שלום, 你好, 👩‍👩‍👧, e\u0301, tab\t, line\n, nul\0, \u202eright to left"

BEST = {GO: "1.1", f"{PY}-1.0": "1.0", f"{PY}-1.1": "1.1", f"{PY}-1.2": "1.2"}
"""What each foreign peer offers at most, and so what is to be agreed; p2pd's pubsub 0.10 knows no 1.2."""

foreign = pytest.mark.parametrize("kind", BEST)


def texts(speaker: str) -> list[str]:
    return [f"{speaker} {number}: {SPEECH}" for number in range(COUNT)]


@dataclass(frozen=True)
class Gossip:
    """A connection between our node and a foreign peer as its packets tell it."""

    protocols: set[str]
    by_dialer: Said
    by_listener: Said

    @property
    def both(self) -> tuple[Said, Said]:
        return self.by_dialer, self.by_listener


def read_gossip(recording: Recording, key_log: Path) -> Gossip:
    streams = [
        stream
        for stream in read_streams(recording, read_key_log(key_log))
        if stream.protocol.startswith(("/meshsub/", "/floodsub/"))
    ]
    return Gossip(
        protocols={stream.protocol for stream in streams},
        by_dialer=said(b"".join(stream.opener for stream in streams if stream.opened_by_dialer)),
        by_listener=said(b"".join(stream.opener for stream in streams if not stream.opened_by_dialer)),
    )


def start_foreign(crew: Crew, kind: str) -> ForeignGossiper:
    return crew.go() if kind == GO else crew.py(kind.removeprefix(f"{PY}-"))


def converse(one: Gossiper, other: Gossiper) -> None:
    """Ten messages each way, at the same time; each arrives once, as it was written, from whom it was."""
    for mine, yours in zip(texts(one.make), texts(other.make), strict=True):
        one.say(mine)
        other.say(yours)
    assert sorted(texts_heard(other, COUNT)) == [(one.peer_id, text) for text in texts(one.make)]
    assert sorted(texts_heard(one, COUNT)) == [(other.peer_id, text) for text in texts(other.make)]


def check_wire(gossip: Gossip, node: Gossiper, peer: Gossiper, best: str) -> None:
    assert gossip.protocols == {MESHSUB[best]}
    for speech in gossip.both:
        assert (CHAT_TOPIC, True) in speech.subscriptions
        assert CHAT_TOPIC not in speech.prunes
    assert any(CHAT_TOPIC in speech.grafts for speech in gossip.both), "nobody asked for the mesh"
    spoken = [message for speech in gossip.both for message in speech.published]
    assert all(message.is_signed for message in spoken)
    assert {(message.author, message.text) for message in spoken if is_chat(message)} == {
        (speaker.peer_id, text) for speaker in (node, peer) for text in texts(speaker.make)
    }


@foreign
def test_ten_messages_each_way_when_meshnode_dials(crew: Crew, kind: str, tmp_path: Path) -> None:
    peer, node = start_foreign(crew, kind), crew.node("--keylog", str(tmp_path / "keys"))
    with Tap(address(peer, IP4)) as tap:
        node.connect(tap.addr)
        assert acquainted(node, peer)
        assert greeted(node, peer)
        converse(node, peer)
        check_wire(read_gossip(tap.recordings[0], tmp_path / "keys"), node, peer, BEST[kind])


@foreign
def test_ten_messages_each_way_when_meshnode_listens(crew: Crew, kind: str, tmp_path: Path) -> None:
    peer, node = start_foreign(crew, kind), crew.node("--keylog", str(tmp_path / "keys"))
    with Tap(address(node, IP4)) as tap:
        peer.connect(tap.addr)
        assert acquainted(node, peer)
        assert greeted(node, peer)
        converse(node, peer)
        check_wire(read_gossip(tap.recordings[0], tmp_path / "keys"), node, peer, BEST[kind])


Member = MeshNode | ForeignGossiper

LINES = [(GO, MESH, PY), (PY, MESH, GO), (GO, MESH, GO), (MESH, GO, MESH), (MESH, PY, MESH)]


@pytest.mark.parametrize("makes", LINES, ids="-".join)
def test_messages_pass_along_a_line(crew: Crew, makes: tuple[str, str, str]) -> None:
    """The one in the middle passes on what it is sent as its author signed it. The ends know only it."""
    start: dict[str, Callable[[], Member]] = {MESH: crew.node, GO: crew.go, PY: crew.py}
    one, middle, other = line = [start[make]() for make in makes]
    for end in (one, other):
        end.connect(address(middle, IP4))
    assert acquainted(*line)
    assert greeted(one, other)
    for text in texts("along"):
        one.say(text)
        other.say(text)
    for end, far in ((one, other), (other, one)):
        wanted = [(far.peer_id, text) for text in texts("along")]
        assert sorted(texts_heard(end, COUNT, author=far.peer_id)) == wanted
        assert neighbours(end) == {middle.peer_id}
        check_origin(end, far)


def neighbours(end: Member) -> set[str]:
    if isinstance(end, MeshNode):
        return {entry["peerId"] for entry in end.call("peers.list") if entry["path"] != "none"}
    return end.peers()


def check_origin(end: Member, far: Member) -> None:
    """What arrived is what its author wrote: the same number and, where one can see it, signature."""
    arrived = [message for message in end.heard() if message.author == far.peer_id and is_chat(message)]
    assert {number(message) for message in arrived} == numbers_written(far)
    if isinstance(end, MeshNode):
        return
    assert all(message.is_signed for message in end.heard())
    if not isinstance(far, MeshNode):
        assert set(arrived) == {message for message in far.written() if is_chat(message)}


def number(message: Received | Published) -> str:
    """Its author's number for it, which in this room is its id, too."""
    return message.id if isinstance(message, Received) else message.sequence.hex()


def numbers_written(author: Member) -> set[str]:
    if not isinstance(author, MeshNode):
        return {number(message) for message in author.written() if is_chat(message)}
    history = author.call("chat.history", room="global")
    own = [Received(entry["from"], entry["text"], entry["id"]) for entry in history]
    return {message.id for message in own if message.author == author.peer_id and is_chat(message)}
