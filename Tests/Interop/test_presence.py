"""Presence in a mixed network: two nodes of ours and one of the original messenger."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from conftest import Crew
from peers.gossip import SETTLE_SECONDS
from peers.meshnode import MeshNode
from peers.original import PRESENCE, REFRESH, WELCOME, OriginalPeer
from peers.peer import IP4, address, eventually
from peers.raw import RawPeer
from peers.rpc import Author, publish

FAST_TICK = 2
FAST = {
    "presence.ready-delay-ms": 200,
    "presence.refresh-seconds": FAST_TICK,
    "presence.scan-seconds": 1,
    "presence.silence-seconds": 5,
}
"""The same rules in a hurry: the beat is 2 ± 1 s, and who is silent for 5 s is gone within 6."""
LOAD_SECONDS = 1.5
"""How late an event may be because the machine is busy."""
KILL_AFTER_SECONDS = 20
"""After the original's PRESENCE and its first REFRESH."""


@dataclass
class Mixed:
    """Two nodes of ours and an original one."""

    folder: Path
    one: MeshNode
    other: MeshNode
    original: OriginalPeer

    @property
    def ours(self) -> tuple[MeshNode, MeshNode]:
        return self.one, self.other

    def peers_of(self, node: MeshNode) -> set[str]:
        return {peer.peer_id for peer in (self.one, self.other, self.original)} - {node.peer_id}


def online(node: MeshNode) -> set[str]:
    return {entry["peerId"] for entry in node.call("peers.list") if entry["presence"] == "online"}


def sent(node: MeshNode, *kinds: str) -> list[dict[str, Any]]:
    return [event for event in node.events("presence.sent") if event["kind"] in (kinds or KINDS)]


KINDS = ("PRESENCE", "WELCOME", "REFRESH")


@pytest.fixture(scope="module")
def at_its_own_speed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    """Original – one – other, with every default. It runs beside the other rows; the original is killed."""
    with Crew(tmp_path_factory.mktemp("own_speed")) as crew:
        one, other, original = crew.node(), crew.node(), crew.original()
        other.connect(address(one, IP4))
        original.connect(address(one, IP4))
        killing = threading.Timer(KILL_AFTER_SECONDS, original.child.kill)
        killing.start()
        yield Mixed(crew.folder, one, other, original)
        killing.cancel()


@pytest.fixture(scope="module")
def mixed(at_its_own_speed: Mixed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    """All three connected with each other, in a hurry. The rows follow on each other; the last end it."""
    with Crew(tmp_path_factory.mktemp("mixed")) as crew:
        one, other = crew.node(settings=FAST), crew.node(settings=FAST)
        one.connect(address(other, IP4))
        for node, peer in ((one, other), (other, one)):
            node.event("peer.online", peerId=peer.peer_id)
        original = crew.original(FAST_TICK)
        for node in (one, other):
            original.connect(address(node, IP4))
        yield Mixed(crew.folder, one, other, original)


# A node's life, in a hurry


def test_each_sees_the_others(mixed: Mixed) -> None:
    for node in mixed.ours:
        event = node.event("peer.online", peerId=mixed.original.peer_id)
        assert event["via"] in ("presence", "welcome"), "it answers our REFRESH before it says its PRESENCE"
        assert online(node) == mixed.peers_of(node)
    assert eventually(lambda: mixed.original.online() == {node.peer_id for node in mixed.ours})


def test_presence_is_said_once(mixed: Mixed) -> None:
    for node in mixed.ours:
        assert len(sent(node, "PRESENCE")) == 1, "a second neighbour is no second start"


def test_a_presence_is_answered_with_one_welcome(mixed: Mixed) -> None:
    assert mixed.original.says(PRESENCE, 5)
    (said,) = mixed.original.said(PRESENCE)

    def answers(node: MeshNode) -> list[float]:
        """Milliseconds from the PRESENCE to each WELCOME since."""
        return [after for event in sent(node, "WELCOME") if (after := event["timeMs"] - said.time_ms) >= 0]

    for node in mixed.ours:
        assert eventually(lambda node=node: len(answers(node)) > 0)
        assert eventually(lambda node=node: mixed.original.heard_announcement(WELCOME, node.peer_id) > 0)
    time.sleep(SETTLE_SECONDS)
    for node in mixed.ours:
        (after,) = answers(node)
        assert after < 200 + 1000 * LOAD_SECONDS


def test_nobody_answers_a_refresh_or_a_welcome(mixed: Mixed) -> None:
    """The original does: each REFRESH of ours brings its WELCOME, so there is much not to answer."""
    before = [len(sent(node, "WELCOME")) for node in mixed.ours]
    refreshes, welcomes = len(mixed.original.said(REFRESH)), len(mixed.original.said(WELCOME))
    assert eventually(lambda: len(mixed.original.said(REFRESH)) >= refreshes + 2, 4 * FAST_TICK)
    assert eventually(lambda: len(mixed.original.said(WELCOME)) >= welcomes + 2, 4 * FAST_TICK)
    time.sleep(SETTLE_SECONDS)
    assert [len(sent(node, "WELCOME")) for node in mixed.ours] == before


def test_chat_passes_both_ways_as_bare_text(mixed: Mixed) -> None:
    mixed.original.say("from the original: ¡hola!")
    for node in mixed.ours:
        event = node.event("message.received", text="from the original: ¡hola!")
        assert (event["from"], event["room"]) == (mixed.original.peer_id, "global")
        node.say(f"from {node.peer_id}")
    wanted = [(node.peer_id, f"from {node.peer_id}") for node in mixed.ours]
    assert eventually(lambda: sorted(mixed.original.chat()) == sorted(wanted)), mixed.original.chat()


def test_who_shows_life_is_never_taken_offline(mixed: Mixed) -> None:
    for node in mixed.ours:
        assert node.events("peer.offline") == []
    assert mixed.original.online() == {node.peer_id for node in mixed.ours}


def test_a_clean_leave_is_seen_at_once_and_says_nothing_on_the_original_topic(mixed: Mixed) -> None:
    before = mixed.original.chat()
    mixed.other.call("node.shutdown")
    event = mixed.one.event("peer.offline", seconds=3, peerId=mixed.other.peer_id)
    assert event["reason"] == "left"
    assert mixed.other.child.wait(10) == 0
    assert mixed.original.chat() == before
    assert mixed.other.peer_id in mixed.original.online(), "its own reaper will tell"


def test_the_original_reaps_our_node_that_left(mixed: Mixed) -> None:
    gone = eventually(lambda: mixed.original.online() == {mixed.one.peer_id}, 6 * FAST_TICK)
    assert gone, mixed.original.online()


def test_a_node_that_was_killed_is_reaped(mixed: Mixed) -> None:
    mixed.original.child.kill()
    killed = time.time() * 1000
    last_word = max(
        word.time_ms for text in (PRESENCE, WELCOME, REFRESH) for word in mixed.original.said(text)
    )
    mixed.one.event("connection.closed", peerId=mixed.original.peer_id)
    event = mixed.one.event("peer.offline", peerId=mixed.original.peer_id)
    assert event["reason"] == "reaped"
    assert 5000 < event["silentMs"] < 6000 + 1000 * LOAD_SECONDS
    assert abs(event["timeMs"] - last_word - event["silentMs"]) < 1000 * LOAD_SECONDS
    assert event["timeMs"] > killed, "a connection that closes takes nobody offline"


# Others


def test_who_says_nothing_is_no_chat_peer(crew: Crew) -> None:
    node, silent = crew.node(settings=FAST), crew.go()
    silent.connect(address(node, IP4))
    node.event("presence.sent", kind="PRESENCE")
    time.sleep(SETTLE_SECONDS)
    assert node.events("peer.online") == []
    (entry,) = node.call("peers.list")
    assert (entry["peerId"], entry["presence"], entry["lastSeenMs"]) == (silent.peer_id, "offline", None)


def test_a_replayed_presence_brings_nobody_back(crew: Crew, raw: RawPeer) -> None:
    """Neither the one heard, nor one held back, nor after a restart: only a number never reached before."""
    node, dead = crew.node(settings=FAST), Author()
    held_back, presence = dead.message(PRESENCE), dead.message(PRESENCE)
    raw.meet(node)
    raw.carry(presence)
    node.event("peer.online", peerId=dead.peer_id, via="presence")
    assert node.event("peer.offline", peerId=dead.peer_id)["reason"] == "reaped"

    raw.carry(presence, held_back)
    time.sleep(SETTLE_SECONDS)
    assert dead.peer_id not in online(node)

    node.child.kill()
    node = crew.node(home=node.home, settings=FAST)
    raw.become_new()
    raw.meet(node)
    raw.send(publish(presence), publish(held_back))
    time.sleep(SETTLE_SECONDS)
    assert node.events("peer.online", peerId=dead.peer_id) == []
    assert dead.peer_id not in online(node)

    raw.carry(dead.message(REFRESH))
    node.event("peer.online", peerId=dead.peer_id, via="refresh")


def test_late_chat_of_the_dead_is_delivered_but_is_no_life(crew: Crew, raw: RawPeer) -> None:
    node, dead = crew.node(settings=FAST), Author()
    late = dead.message("better late than never")
    raw.meet(node)
    raw.carry(dead.message(PRESENCE))
    node.event("peer.online", peerId=dead.peer_id)
    node.event("peer.offline", peerId=dead.peer_id, reason="reaped")
    raw.carry(late)
    node.event("message.received", text="better late than never")
    assert dead.peer_id not in online(node)


# With every default


def test_the_rhythm_and_the_reaper_at_their_own_speed(at_its_own_speed: Mixed) -> None:
    """15 s ± 1 between beats; gone 45 to 60 s after the last life, and so 30 to 60 s after the crash."""
    one, other, original = at_its_own_speed.one, at_its_own_speed.other, at_its_own_speed.original
    reaped = [node.event("peer.offline", seconds=90, peerId=original.peer_id) for node in (one, other)]
    last_word = max(word.time_ms for text in (PRESENCE, WELCOME, REFRESH) for word in original.said(text))
    slack = 1000 * LOAD_SECONDS
    for event in reaped:
        assert event["reason"] == "reaped"
        assert 45_000 < event["silentMs"] < 60_000 + slack
        assert 45_000 - slack < event["timeMs"] - last_word < 60_000 + slack
    for node in (one, other):
        beats = [event["timeMs"] for event in sent(node, "PRESENCE", "REFRESH")]
        assert len(beats) >= 4
        assert len(sent(node, "PRESENCE")) == 1
        for before, after in pairwise(beats):
            assert 14_000 - 100 <= after - before <= 16_000 + slack, beats
    assert original.said(REFRESH), "it was to be killed after its first"
    assert one.events("peer.offline") == [], "nobody else"
    assert online(one) == {other.peer_id}
    assert online(other) == {one.peer_id}
