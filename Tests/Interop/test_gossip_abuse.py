"""A gossip peer that says what it should not: the node lives, stays quick and small, and others are heard."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from libp2p.peer.id import ID

from conftest import Crew
from peers.gossip import SETTLE_SECONDS, GoGossiper, Gossiper, acquainted, greeted, texts_heard
from peers.meshnode import MeshNode
from peers.peer import IP4, PeerError, address, eventually
from peers.raw import RawPeer
from peers.rpc import (
    CHAT_TOPIC,
    Author,
    Published,
    control,
    frame,
    graft,
    idontwant,
    ihave,
    iwant,
    prune,
    publish,
    subscribe,
    unsubscribe,
)

MIB = 1 << 20
GROWTH_MAX = 64 * MIB
"""What a node may grow by, under any abuse: its caches and queues when full, and what the allocator keeps."""
ANSWER_SECONDS = 2.0
TEXT_BYTES_MAX = 16 * 1024
HEARTBEAT_SECONDS = 1


@dataclass
class Scene:
    """A node between a friend, who is Go, and a foe. Friend and foe know each other only through it."""

    node: MeshNode
    friend: GoGossiper
    foe: RawPeer
    resident_before: int

    def texts_of(self, author: str, count: int, seconds: float = 5) -> list[str]:
        return [text for _, text in texts_heard(self.node, count, seconds, author=author)]

    def check_well(self) -> None:
        """The node answers, is not much larger than before, and friends understand each other through it."""
        began = time.monotonic()
        assert self.node.call("node.info")["peerId"] == self.node.peer_id
        assert time.monotonic() - began < ANSWER_SECONDS
        said = [f"still there? {number}" for number in range(3)]
        for text in said:
            self.friend.say(text)
            self.node.say(text)
        assert hears_all(self.node, self.friend, said)
        assert hears_all(self.friend, self.node, said)
        assert self.node.child.resident_bytes() - self.resident_before < GROWTH_MAX

    def passed_on(self) -> list[str]:
        """What of the foe's reached the friend."""
        return [text for _, text in texts_heard(self.friend, 1000, seconds=0, author=self.foe.peer_id)]

    def say_until_refused(self, *parts: bytes) -> None:
        """Says it all, or as much as is listened to; then there is a stream for more."""
        try:
            self.foe.send(*parts)
        except PeerError:
            self.foe.reopen()


@pytest.fixture
def scene(crew: Crew, raw: RawPeer) -> Iterator[Scene]:
    node, friend, foe = crew.node(), crew.go(), raw
    friend.connect(address(node, IP4))
    assert acquainted(node, friend)
    assert greeted(node, friend)
    foe.meet(node)
    foe.join()
    foe.say("genuine")
    assert texts_heard(node, 1, author=foe.peer_id) == [(foe.peer_id, "genuine")]
    scene = Scene(node, friend, foe, node.child.resident_bytes())
    yield scene
    scene.check_well()


def hears_all(hearer: Gossiper, speaker: Gossiper, texts: list[str]) -> bool:
    wanted = {(speaker.peer_id, text) for text in texts}
    return eventually(lambda: wanted <= {(heard.author, heard.text) for heard in hearer.heard()})


# Messages


def test_what_its_author_did_not_sign_is_dropped(scene: Scene) -> None:
    foe, victim = scene.foe, Author()
    ours = Author()
    ours.id = victim.id  # our key, another's name
    for message in (
        victim.unsigned("unsigned"),
        victim.message("forged", signed_by=foe.author),
        ours.message("in another's name"),
        victim.message("changed").replace(b"changed", b"altered"),
        victim.message("of another topic", topic="p2p-chat-other").replace(
            b"p2p-chat-other", b"p2p-chat-globa"
        ),
    ):
        scene.say_until_refused(publish(message))
    time.sleep(SETTLE_SECONDS)
    assert scene.texts_of(victim.peer_id, 0, 0) == []
    assert scene.node.events("peer.online", peerId=victim.peer_id) == []
    assert all(message.author != victim.peer_id for message in scene.friend.heard())


def test_a_message_in_the_nodes_own_name_is_dropped(scene: Scene) -> None:
    impostor = Author()
    impostor.id = ID.from_base58(scene.node.peer_id).to_bytes()
    scene.say_until_refused(publish(impostor.message("I am you")))
    time.sleep(SETTLE_SECONDS)
    history = scene.node.call("chat.history", room="global")
    assert "I am you" not in [message["text"] for message in history]


def test_oversized_messages_are_dropped(scene: Scene) -> None:
    author = scene.foe.author
    scene.foe.carry(author.message("x" * TEXT_BYTES_MAX))
    for size in (TEXT_BYTES_MAX + 1, 64 * 1024 + 1, 900 * 1024):
        scene.foe.carry(author.message("x" * size))
    scene.foe.say("after")
    texts = scene.texts_of(author.peer_id, 3)
    assert [len(text) for text in texts] == [len("genuine"), TEXT_BYTES_MAX, len("after")]
    assert [len(text) for text in scene.passed_on()][-2:] == [TEXT_BYTES_MAX, len("after")]


def test_an_oversized_rpc_ends_the_stream_and_another_may_come(scene: Scene) -> None:
    scene.say_until_refused(frame(bytes(2 * MIB)))
    scene.foe.reopen()
    scene.foe.say("after")
    assert "after" in scene.texts_of(scene.foe.peer_id, 2)


def test_bytes_that_are_no_text_are_dropped(scene: Scene) -> None:
    author = scene.foe.author
    for data in (b"\xff\xfe", b"half a euro \xe2\x82", b"\xed\xa0\x80", b"\xc0\xaf", b""):
        scene.foe.carry(author.message(data))
    scene.foe.say("after")
    assert scene.texts_of(author.peer_id, 2) == ["genuine", "after"]
    assert scene.passed_on()[-1:] == ["after"]


LIKE_ANNOUNCEMENTS = [
    "ANNOUNCE:PRESENCES",
    "announce:presence",
    " ANNOUNCE:PRESENCE",
    "ANNOUNCE:",
    "ANNOUNCE:LEAVE",
]


def test_text_that_looks_like_an_announcement_is_text(scene: Scene) -> None:
    stranger = Author()
    scene.foe.carry(*stranger.messages(LIKE_ANNOUNCEMENTS))
    heard = eventually(lambda: len(received(scene.node, stranger)) == len(LIKE_ANNOUNCEMENTS))
    assert heard, received(scene.node, stranger)
    assert received(scene.node, stranger) == LIKE_ANNOUNCEMENTS
    assert scene.node.event("peer.online", peerId=stranger.peer_id)["via"] == "message"
    time.sleep(SETTLE_SECONDS)
    assert scene.node.events("presence.sent", kind="WELCOME") == []


def test_an_announcement_with_a_suffix_is_one(scene: Scene) -> None:
    stranger = Author()
    scene.foe.carry(stranger.message("ANNOUNCE:PRESENCE v=2;what=ever"))
    assert scene.node.event("peer.online", peerId=stranger.peer_id)["via"] == "presence"
    scene.node.event("presence.sent", kind="WELCOME")
    assert received(scene.node, stranger) == []


def received(node: MeshNode, author: Author) -> list[str]:
    return [message.text for message in node.heard() if message.author == author.peer_id]


def test_a_message_that_comes_a_thousand_times_is_received_once(scene: Scene) -> None:
    again = publish(scene.foe.author.message("again"))
    scene.foe.send(*[again] * 1000)
    assert scene.texts_of(scene.foe.peer_id, 2) == ["genuine", "again"]
    assert scene.passed_on().count("again") == 1


def test_a_thousand_messages_a_second(scene: Scene) -> None:
    """Others are heard meanwhile, and of the flood no more is shown and passed on than can be read around."""
    seconds = 4
    flood = [publish(scene.foe.author.message(f"flood {number}")) for number in range(1000 * seconds)]
    pouring = threading.Thread(target=scene.foe.send, args=flood, kwargs={"per_second": 1000})
    pouring.start()
    said: list[str] = []
    while pouring.is_alive():
        said.append(f"beside the flood {len(said)}")
        scene.friend.say(said[-1])
        began = time.monotonic()
        scene.node.call("node.info")
        assert time.monotonic() - began < ANSWER_SECONDS
        pouring.join(0.2)
    assert sorted(scene.texts_of(scene.friend.peer_id, len(said))) == sorted(said)
    shown = scene.texts_of(scene.foe.peer_id, 0, 0)
    assert 50 < len(shown) < 200, "a hundred at once and two a second"
    assert len(scene.passed_on()) < 500, "two hundred at once and twenty a second"
    scene.node.event("warning")


# Control messages and subscriptions


def test_floods_of_subscriptions(scene: Scene) -> None:
    names = [f"topic-{number}" for number in range(10_000)]
    scene.say_until_refused(subscribe(*names))
    scene.say_until_refused(*(subscribe(*names[at : at + 100]) for at in range(0, len(names), 100)))
    scene.say_until_refused(
        *(subscribe(os.urandom(size)) for size in (1, 64, 4096, 500_000) for _ in range(4))
    )
    scene.say_until_refused(*[subscribe(CHAT_TOPIC) + unsubscribe(CHAT_TOPIC)] * 2000)


def test_grafts_and_prunes_with_huge_backoffs(scene: Scene) -> None:
    for backoff in (0, 1, 1 << 31, 1 << 62, (1 << 63) - 1, (1 << 64) - 1):
        scene.say_until_refused(prune(CHAT_TOPIC, backoff))
        scene.say_until_refused(graft(CHAT_TOPIC))
    scene.say_until_refused(*[graft(CHAT_TOPIC) + prune(CHAT_TOPIC, (1 << 64) - 1)] * 2000)
    scene.say_until_refused(*(graft(f"unknown-{number}") for number in range(2000)))
    scene.say_until_refused(graft(*(f"unknown-{number}" for number in range(10_000))))


def test_a_thousand_requests_for_one_message_bring_few_copies(scene: Scene) -> None:
    scene.node.say("wanted by all")

    def copies() -> list[Published]:
        return [message for message in scene.foe.heard() if message.data == b"wanted by all"]

    assert eventually(lambda: len(copies()) > 0)
    message = copies()[0]
    id = f"{message.author}{int.from_bytes(message.sequence, 'big')}".encode()
    scene.say_until_refused(*[iwant([id])] * 1000)
    scene.say_until_refused(iwant([id] * 10_000))
    time.sleep(SETTLE_SECONDS)
    assert len(copies()) <= 1 + 3


def test_announced_ids_are_asked_for_within_limits(scene: Scene) -> None:
    began = time.monotonic()
    for _ in range(50):
        scene.say_until_refused(ihave(CHAT_TOPIC, [os.urandom(20) for _ in range(5000)]))
    scene.say_until_refused(*(ihave(CHAT_TOPIC, [os.urandom(100_000)]) for _ in range(4)))
    time.sleep(SETTLE_SECONDS)
    heartbeats = (time.monotonic() - began) / HEARTBEAT_SECONDS + 2
    assert len(scene.foe.told().wanted) <= 5000 * heartbeats


def test_refusals_of_messages_are_kept_within_limits(scene: Scene) -> None:
    for _ in range(50):
        scene.say_until_refused(idontwant([os.urandom(20) for _ in range(5000)]))


def test_bytes_that_are_no_rpc(scene: Scene) -> None:
    """Each ends the stream or is passed over; a new stream is taken each time."""
    for nonsense in (
        os.urandom(4096),
        b"\xff" * 64,
        frame(b"\xff" * 64),
        frame(b"\x12\x7f"),  # a message longer than the RPC
        frame(b"\x08\x01"),  # a number where a subscription belongs
        control((1, b"\x0a\xff\xff\xff\xff\x0f")),
        frame(b"") * 10_000,
        b"\x64half a frame",
    ):
        scene.foe.reopen()
        scene.say_until_refused(nonsense)


def test_stream_after_stream(scene: Scene) -> None:
    """The last one counts, as long as streams are taken at all."""
    for _ in range(200):
        try:
            scene.foe.reopen()
        except PeerError:
            break
