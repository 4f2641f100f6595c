"""Chat over JSON-RPC, to the letter of the interface: rooms, direct messages, history, and the commands."""

import json
import socket
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from conftest import Crew, meshnode_binary
from peers.gossip import SETTLE_SECONDS, greeted
from peers.meshnode import MeshNode, RpcError, run_command
from peers.peer import IP4, address, eventually

TEXT_BYTES_MAX = 16 * 1024
NOBODY = "12D3KooWDcPnu1qaKvXFSRyURfLVBwjjPnpj2FouCaDrgKNyhWKu"
EVENT_FIELDS = {"seq", "timeMs", "type"}
ENTRY_FIELDS = {"id", "room", "from", "text", "sentMs", "receivedMs", "state"}
PEER_FIELDS = {"peerId", "presence", "lastSeenMs", "path", "addrs", "rttMs", "agent"}

Pair = tuple[MeshNode, MeshNode]


@pytest.fixture
def pair(crew: Crew) -> Pair:
    """Two nodes that are connected and have heard each other."""
    one, other = crew.node(), crew.node()
    meet(one, other)
    return one, other


def meet(one: MeshNode, other: MeshNode) -> None:
    one.connect(address(other, IP4))
    for node, peer in ((one, other), (other, one)):
        assert eventually(lambda node=node, peer=peer: node.hears(peer.peer_id))


def send_direct(node: MeshNode, to: str, texts: Iterable[str]) -> list[str]:
    return [node.call("chat.send", text=text, to=to)["id"] for text in texts]


def has_state(node: MeshNode, ids: Iterable[str], state: str, seconds: float = 15) -> bool:
    """Whether the node comes to tell that state of every one of the messages."""
    return eventually(lambda: states(node, state) >= set(ids), seconds)


def states(node: MeshNode, state: str) -> set[str]:
    return {event["id"] for event in node.events("message.state", state=state)}


def received(node: MeshNode, author: str) -> list[dict[str, Any]]:
    return node.events("message.received", **{"from": author})


def texts_of(messages: Iterable[dict[str, Any]]) -> list[str]:
    return [message["text"] for message in messages]


def history_with(node: MeshNode, peer: str) -> list[dict[str, Any]]:
    return node.call("chat.history", peer=peer, limit=1000)


# The public room


def test_a_message_to_everybody(pair: Pair) -> None:
    one, other = pair
    answer = one.call("chat.send", text="hello, everybody")
    assert answer.keys() >= {"id", "state"} and answer["state"] in ("queued", "sent")
    state = one.event("message.state", id=answer["id"], state="sent")
    assert state.keys() >= EVENT_FIELDS | {"id", "state"}
    event = other.event("message.received", id=answer["id"])
    assert event.keys() >= EVENT_FIELDS | {"id", "room", "from", "text", "sentMs"}
    assert (event["room"], event["from"], event["text"]) == ("global", one.peer_id, "hello, everybody")
    assert event["sentMs"] is None, "the original's form has no place for it"
    assert one.events("message.received") == [], "its own"


def test_a_message_waits_for_company(crew: Crew) -> None:
    one = crew.node()
    answer = one.call("chat.send", text="is anybody there?", room="global")
    assert answer["state"] == "queued"
    time.sleep(SETTLE_SECONDS)
    assert states(one, "sent") == set()
    other = crew.node()
    meet(one, other)
    assert other.event("message.received")["id"] == answer["id"]
    one.event("message.state", id=answer["id"], state="sent")


def test_an_own_text_never_looks_like_an_announcement(pair: Pair) -> None:
    one, other = pair
    other.event("peer.online", peerId=one.peer_id)
    one.call("chat.send", text="ANNOUNCE:PRESENCE")
    assert other.event("message.received")["text"] == " ANNOUNCE:PRESENCE"


# Other rooms


def test_a_message_to_another_room(crew: Crew) -> None:
    one, member, outsider = crew.node(), crew.node(), crew.node()
    meet(one, member)
    meet(one, outsider)
    for node in (one, member):
        node.call("chat.join", room="garden")
    before = time.time() * 1000
    answer = one.call("chat.send", text="tulips 🌷", room="garden")
    event = member.event("message.received", id=answer["id"])
    assert (event["room"], event["from"], event["text"]) == ("garden", one.peer_id, "tulips 🌷")
    assert before - 1000 < event["sentMs"] < before + 5000
    (entry,) = member.call("chat.history", room="garden")
    assert entry.keys() >= ENTRY_FIELDS
    assert (entry["id"], entry["sentMs"], entry["state"]) == (answer["id"], event["sentMs"], "received")
    time.sleep(SETTLE_SECONDS)
    assert outsider.events("message.received") == []
    assert member.call("chat.history") == []


# History


def test_history_by_pages(pair: Pair) -> None:
    one, other = pair
    ids = [one.call("chat.send", text=f"line {number}")["id"] for number in range(25)]
    assert has_state(one, ids, "sent")
    assert eventually(lambda: len(received(other, one.peer_id)) == 25)
    for node in (one, other):
        newest = node.call("chat.history", limit=10)
        assert all(entry.keys() >= ENTRY_FIELDS for entry in newest)
        assert {entry["id"] for entry in newest} == set(ids[15:])
        oldest = min(newest, key=lambda entry: ids.index(entry["id"]))
        page = node.call("chat.history", room="global", limit=10, before=oldest["id"])
        assert {entry["id"] for entry in page} == set(ids[5:15])
        assert sorted(page, key=lambda entry: ids.index(entry["id"])) == page, "oldest first"
    assert {entry["state"] for entry in one.call("chat.history")} == {"sent"}
    assert {entry["state"] for entry in other.call("chat.history")} == {"received"}


def test_history_and_outbox_outlive_kill_9(crew: Crew) -> None:
    one, other = crew.node(), crew.node()
    meet(one, other)
    said = one.say("before")["id"]
    other.event("message.received", id=said)
    other.child.kill()
    one.event("connection.closed", peerId=other.peer_id)
    waiting = one.say("while nobody is there")["id"]
    assert eventually(lambda: [entry["id"] for entry in one.call("chat.history")] == [said, waiting])
    one.child.kill()

    one, other = crew.node(home=one.home), crew.node(home=other.home)
    assert [entry["id"] for entry in one.call("chat.history")] == [said, waiting]
    assert [entry["id"] for entry in other.call("chat.history")] == [said]
    meet(other, one)
    assert other.event("message.received")["id"] == waiting
    one.event("message.state", id=waiting, state="sent")
    time.sleep(SETTLE_SECONDS)
    assert other.events("message.received") == [], "nothing is received twice"
    assert [entry["id"] for entry in other.call("chat.history")] == [said, waiting]


# Direct messages


def test_direct_messages_are_delivered_in_order_and_to_nobody_else(crew: Crew) -> None:
    one, other, bystander = crew.node(), crew.node(), crew.go()
    meet(one, other)
    bystander.connect(address(one, IP4))
    assert greeted(one, bystander)
    texts = [f"between us {number}: {'🤫' * number}" for number in range(10)]
    ids = send_direct(one, other.peer_id, texts)
    assert has_state(one, ids, "delivered")
    for id in ids:
        told = [event["state"] for event in one.events("message.state", id=id)]
        assert told == ["sent", "delivered"]
    # Its socket may be read later than the other's.
    assert eventually(lambda: other.events("message.received", id=ids[-1]) != [])
    direct = [event for event in received(other, one.peer_id) if event["room"] != "global"]
    assert [(event["id"], event["text"], event["room"]) for event in direct] == [
        (id, text, None) for id, text in zip(ids, texts, strict=True)
    ]
    assert {entry["state"] for entry in history_with(one, other.peer_id)} == {"delivered"}
    assert texts_of(history_with(other, one.peer_id)) == texts
    assert not any("between us" in message.text for message in bystander.heard())


def test_a_long_message(pair: Pair) -> None:
    one, other = pair
    text = "界" * (TEXT_BYTES_MAX // 3) + "."
    assert len(text.encode()) == TEXT_BYTES_MAX
    targets: list[dict[str, Any]] = [{"to": other.peer_id}, {"room": "global"}]
    for target in targets:
        answer = one.call("chat.send", text=text, **target)
        assert other.event("message.received", id=answer["id"])["text"] == text
        with pytest.raises(RpcError, match="16384"):
            one.call("chat.send", text=text + "!", **target)


def test_a_direct_message_waits_for_its_reader(crew: Crew) -> None:
    """It leaves by itself when the reader is back where it was; nobody asks for a connection."""
    one, port = crew.node(), free_port()
    other = crew.node("--listen", f"/ip4/127.0.0.1/tcp/{port}")
    meet(one, other)
    other.child.kill()
    one.event("connection.closed", peerId=other.peer_id)
    ids = send_direct(one, other.peer_id, ["when you are back", "no hurry"])
    time.sleep(SETTLE_SECONDS)
    assert states(one, "delivered") == set()
    other = crew.node("--listen", f"/ip4/127.0.0.1/tcp/{port}", home=other.home)
    assert has_state(one, ids, "delivered", 30)
    assert eventually(lambda: texts_of(received(other, one.peer_id)) == ["when you are back", "no hurry"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_what_was_answered_for_is_kept(crew: Crew) -> None:
    """`chat.send` has said "queued": the message outlives `kill -9` in the next moment, every time."""
    node = crew.node()
    ids: list[str] = []
    for number in range(8):
        ids += send_direct(node, NOBODY, [f"promised {number}"])
        node.child.kill()
        node = crew.node(home=node.home)
    kept = history_with(node, NOBODY)
    assert [entry["id"] for entry in kept] == ids, f"{len(ids) - len(kept)} of {len(ids)} are lost"
    assert {entry["state"] for entry in kept} == {"queued"}


def are_kept(node: MeshNode, ids: list[str], peer: str) -> bool:
    return eventually(lambda: {entry["id"] for entry in history_with(node, peer)} >= set(ids))


def test_direct_messages_outlive_the_sender(crew: Crew) -> None:
    one, other = crew.node(), crew.node()
    meet(one, other)
    other.child.kill()
    one.event("connection.closed", peerId=other.peer_id)
    ids = send_direct(one, other.peer_id, [f"kept {number}" for number in range(5)])
    assert are_kept(one, ids, other.peer_id)
    one.child.kill()
    one, other = crew.node(home=one.home), crew.node(home=other.home)
    meet(one, other)
    assert has_state(one, ids, "delivered")
    assert eventually(lambda: [event["id"] for event in received(other, one.peer_id)] == ids)
    assert [entry["id"] for entry in history_with(other, one.peer_id)] == ids


def test_nothing_is_lost_or_doubled_when_both_are_killed(crew: Crew) -> None:
    """What is kept arrives, once and in order, though either end dies in the middle of it, twice."""
    one, other = crew.node(), crew.node()
    ids: list[str] = []
    told: Counter[str] = Counter()
    for killed in ("reader", "writer", "reader", "writer"):
        meet(one, other)
        ids += send_direct(one, other.peer_id, [f"message {len(ids) + number}" for number in range(20)])
        if killed == "reader":
            other.child.kill()
            told.update(event["id"] for event in received(other, one.peer_id))
            other = crew.node(home=other.home)
        else:
            assert are_kept(one, ids, other.peer_id)
            one.child.kill()
            one = crew.node(home=one.home)
    meet(one, other)
    delivered = eventually(
        lambda: {entry["state"] for entry in history_with(one, other.peer_id)} == {"delivered"}, 20
    )
    assert delivered, Counter(entry["state"] for entry in history_with(one, other.peer_id))
    time.sleep(SETTLE_SECONDS)
    told.update(event["id"] for event in received(other, one.peer_id))
    assert [entry["id"] for entry in history_with(other, one.peer_id)] == ids
    assert set(told) <= set(ids) and set(told.values()) == {1}, "told of once"


# The other methods


def test_a_node_is_announced_when_asked(pair: Pair) -> None:
    for node in pair:
        node.event("presence.sent", kind="PRESENCE")
        asked = time.time() * 1000
        assert node.call("node.refresh") is None
        event = node.event("presence.sent", kind="REFRESH")
        assert event.keys() >= EVENT_FIELDS | {"kind"} and event["timeMs"] - asked < 1000


def test_peers_are_listed(pair: Pair) -> None:
    one, other = pair
    event = one.event("peer.online", peerId=other.peer_id)
    assert event.keys() >= EVENT_FIELDS | {"peerId", "via"}
    assert event["via"] in ("presence", "welcome", "refresh", "message")
    one.call("peers.ping", peerId=other.peer_id, count=1)
    (entry,) = one.call("peers.list")
    assert entry.keys() >= PEER_FIELDS
    assert (entry["peerId"], entry["presence"], entry["path"]) == (other.peer_id, "online", "direct")
    assert abs(entry["lastSeenMs"] - time.time() * 1000) < 30_000
    assert any(addr in other.addrs for addr in (with_id(addr, other) for addr in entry["addrs"]))
    assert 0 < entry["rttMs"] < 10_000 and entry["agent"].startswith("meshnode/")


def with_id(addr: str, node: MeshNode) -> str:
    return addr if "/p2p/" in addr else f"{addr}/p2p/{node.peer_id}"


def test_events_are_numbered_in_order(pair: Pair) -> None:
    one, _ = pair
    one.say("one more event")
    one.event("message.state", state="sent")
    numbers = [message["params"]["seq"] for message in one.lines.so_far() if message.get("method") == "event"]
    assert numbers == sorted(set(numbers))


NONSENSE: list[tuple[str, dict[str, Any]]] = [
    ("chat.send", {}),
    ("chat.send", {"text": ""}),
    ("chat.send", {"text": 5}),
    ("chat.send", {"text": "hi", "to": "nobody"}),
    ("chat.send", {"text": "hi", "room": "global", "to": NOBODY}),
    ("chat.send", {"text": "hi", "room": "never joined"}),
    ("chat.send", {"text": "x" * (TEXT_BYTES_MAX + 1)}),
    ("chat.history", {"limit": 0}),
    ("chat.history", {"limit": "ten"}),
    ("chat.history", {"before": "no such message"}),
    ("chat.forget", {}),
]


def test_what_cannot_be_done_is_answered(crew: Crew) -> None:
    node = crew.node()
    for method, params in NONSENSE:
        with pytest.raises(RpcError, match=r"\w+ \w+"):
            node.call(method, **params)
    for line in ("not JSON", "[]", "{}", '{"jsonrpc":"2.0","id":[],"method":"node.info"}', "x" * (1 << 20)):
        node.child.write_line(line)
    assert node.call("node.info")["peerId"] == node.peer_id
    errors = [message for message in node.lines.so_far() if "error" in message]
    assert len(errors) == 5 and all(error["id"] is None for error in errors)


# The commands


def test_the_commands_talk_to_the_running_node(crew: Crew) -> None:
    one, other = crew.node("--api", "unix"), crew.node()
    meet(one, other)
    one.event("peer.online", peerId=other.peer_id)

    def command(*arguments: str) -> str:
        done = run_command(meshnode_binary(), one.home, *arguments, "--data", str(one.data))
        assert done.returncode == 0, done.stderr
        return done.stdout

    sent = json.loads(command("send", "global", "to all", "--json"))
    assert other.event("message.received", id=sent["id"])["text"] == "to all"
    command("send", other.peer_id, "to you alone")
    assert other.event("message.received", text="to you alone")["room"] is None
    other.call("chat.send", text="\x1b[31mred\x1b[0m\nand a second line", to=one.peer_id)
    one.event("message.received", room=None)

    (listed,) = json.loads(command("peers", "--json"))
    assert listed["peerId"] == other.peer_id
    assert other.peer_id in command("peers") and "online" in command("peers")
    assert one.peer_id in command("status")
    assert texts_of(json.loads(command("history", "global", "--json"))) == ["to all"]
    assert "to all" in command("history", "global")
    direct = command("history", other.peer_id)
    assert "to you alone" in direct and "red" in direct and "second line" in direct
    assert "\x1b" not in direct
    assert len(command("history", other.peer_id, "--limit", "1").splitlines()) == 1


def test_a_command_without_a_node_says_so(crew: Crew) -> None:
    node = crew.node()
    done = run_command(
        meshnode_binary(), node.home, "send", "global", "hi", "--data", str(node.home / "nobody")
    )
    assert done.returncode != 0
    assert done.stderr.strip() and "fatal" not in done.stderr.lower()
