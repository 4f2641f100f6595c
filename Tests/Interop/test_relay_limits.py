"""Foreign relays cut every circuit after a while: ours move to a new one before, and nobody notices."""

import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from conftest import Crew
from peers.circuit import circuit
from peers.gossip import texts_heard
from peers.meshnode import MeshNode
from peers.peer import IP4, Reachable, address, eventually
from peers.relays import DEFAULT_BYTES, DEFAULT_SECONDS, default_go_relay

TEXT_BYTES, TEXT_BYTES_MAX = 2000, 16_000
BEAT_SECONDS = 0.5
SETTLE_SECONDS = 3


@dataclass
class Talk:
    """Two nodes that know each other through a relay alone, and all that they say."""

    one: MeshNode
    other: MeshNode
    beats: int = 0
    said: dict[str, list[str]] = field(default_factory=dict)
    private: list[tuple[str, str]] = field(default_factory=list)

    @property
    def pairs(self) -> tuple[tuple[MeshNode, MeshNode], tuple[MeshNode, MeshNode]]:
        return (self.one, self.other), (self.other, self.one)

    def go_on(self, beats: int, seconds: float = BEAT_SECONDS, size: int = 0) -> None:
        """Both speak at every beat, in the room and to each other. (For long no more than one text in 0.6 s:
        that is what a room takes of an author.)"""
        for _ in range(beats):
            for speaker, listener in self.pairs:
                text = f"{self.beats} of {speaker.peer_id} ".ljust(size, ".")
                speaker.say(text)
                self.said.setdefault(speaker.peer_id, []).append(text)
                if self.beats % 4 == 0:
                    sent = speaker.call("chat.send", text=f"private {self.beats}", to=listener.peer_id)
                    self.private.append((listener.peer_id, sent["id"]))
            self.beats += 1
            time.sleep(seconds)

    def check(self) -> None:
        """Every message arrived once, and nobody was ever taken for gone."""
        for speaker, listener in self.pairs:
            wanted = self.said[speaker.peer_id]
            heard = texts_heard(listener, len(wanted), SETTLE_SECONDS, author=speaker.peer_id)
            in_room = [text for _, text in heard if not text.startswith("private")]
            assert missing(wanted, in_room) == []
            assert len(in_room) == len(set(in_room)), "a message came twice"
            got = [event["id"] for event in listener.events("message.received") if event["room"] != "global"]
            assert len(got) == len(set(got)), "a private message came twice"
            assert {id for peer, id in self.private if peer == listener.peer_id} <= set(got)
            assert listener.events("peer.offline") == []

    def circuits(self) -> list[dict[str, Any]]:
        """All that there were, from one to the other."""
        return self.one.events("connection.opened", peerId=self.other.peer_id, path="relayed")


def missing(wanted: list[str], got: list[str]) -> list[str]:
    there = set(got)
    return [text[:20] for text in wanted if text not in there]


def talk(crew: Crew, relay: Reachable) -> Talk:
    one, other = (crew.node("--relay", address(relay, IP4), hidden=True) for _ in range(2))
    for node in (one, other):
        node.event("reservation", state="accepted")
    one.call("peers.connect", addr=circuit(relay, other.peer_id))
    for node, peer in ((one, other), (other, one)):
        node.event("peer.online", peerId=peer.peer_id)
    return Talk(one, other)


def test_circuits_of_a_few_seconds(crew: Crew) -> None:
    seconds = 8
    relay = crew.circuit(relay=f"{seconds},{1 << 30}")
    talking = talk(crew, relay)
    talking.go_on(int(3 * seconds / BEAT_SECONDS))
    talking.check()
    assert 3 <= len(talking.circuits()) <= 8
    assert path(talking.one, talking.other) == "relayed"


def test_circuits_of_a_few_bytes(crew: Crew) -> None:
    """py-libp2p counts both directions together, where the specification has a limit for each."""
    relay = crew.circuit(relay=f"3600,{DEFAULT_BYTES}")
    talking = talk(crew, relay)
    talking.go_on(75, seconds=0.25, size=TEXT_BYTES)
    talking.check()
    assert len(talking.circuits()) >= 2
    assert path(talking.one, talking.other) == "relayed"


def test_circuits_that_are_cut_without_warning(crew: Crew) -> None:
    """A limit that leaves less than a message takes the circuit away in the middle of it."""
    relay = crew.circuit(relay="3600,40000")
    talking = talk(crew, relay)
    talking.go_on(20, seconds=0.5, size=4 * TEXT_BYTES)
    talking.check()


def test_a_burst_that_no_circuit_of_gos_can_carry(crew: Crew) -> None:
    """Go ends a circuit in the middle of it, and does not reset it. What was on its way may be lost; the two
    find each other again at once, and nothing else is."""
    relay = default_go_relay(crew)
    talking = talk(crew, relay)
    for _ in range(3):
        talking.go_on(12, seconds=0, size=TEXT_BYTES_MAX)
        assert eventually(lambda: path(talking.one, talking.other) == "relayed", 1)
        time.sleep(4)
    talking.said, talking.private = {}, []
    talking.go_on(5)
    talking.check()
    assert len(talking.circuits()) >= 3


@pytest.mark.timeout(DEFAULT_SECONDS + 120)
def test_circuits_of_gos_default_limits(crew: Crew) -> None:
    """Two minutes, or 128 KiB: one pair reaches the first, another the second."""
    relay = default_go_relay(crew)
    quiet, busy = talk(crew, relay), talk(crew, relay)
    end = time.monotonic() + DEFAULT_SECONDS + 20
    while time.monotonic() < end:
        busy.go_on(5, seconds=0.6, size=4 * TEXT_BYTES)
        quiet.go_on(1, seconds=0.6)
    for talking in (quiet, busy):
        talking.check()
        assert path(talking.one, talking.other) == "relayed"
    assert 2 <= len(quiet.circuits()) <= 4
    assert len(busy.circuits()) >= 4


def path(node: MeshNode, peer: MeshNode) -> str:
    return next(entry["path"] for entry in node.call("peers.list") if entry["peerId"] == peer.peer_id)
