"""The executable `meshrelay`: what it prints, serves and refuses, and how it leaves."""

import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import Crew, meshrelay_binary
from peers.circuit import circuit
from peers.gossip import texts_heard
from peers.meshnode import MeshNode, isolated, run_command
from peers.meshrelay import MeshRelay, free_port
from peers.peer import IP4, address, eventually

DRAIN_SECONDS = 3
SECRET = "nobody but the two of us reads this"


@contextmanager
def running(folder: Path, *flags: str) -> Iterator["subprocess.Popen[str]"]:
    """`meshrelay run`, as a person starts it."""
    argv = [str(meshrelay_binary()), "run", "--data", str(folder / "data"), *flags]
    child = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=isolated(folder)
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def listening(port: int = 0) -> list[str]:
    return ["--listen", f"/ip4/127.0.0.1/tcp/{port}"]


def first_lines(child: "subprocess.Popen[str]", count: int) -> list[str]:
    assert child.stdout is not None
    return [child.stdout.readline().strip() for _ in range(count)]


def test_it_prints_what_to_give_to_nodes(crew: Crew, tmp_path: Path) -> None:
    announced = "/ip4/45.10.0.1/tcp/4001"
    with running(tmp_path, *listening(), "--announce", announced) as child:
        name, public, local = first_lines(child, 3)
        peer = name.removeprefix("PeerID ")
        assert public == f"{announced}/p2p/{peer}"
        assert local.startswith("/ip4/127.0.0.1/tcp/") and local.endswith(f"/p2p/{peer}")
        node = crew.node("--relay", local)
        node.event("reservation", state="accepted", relay=peer)
        assert crew_sees(crew, node) == {f"{public}/p2p-circuit"}
    asked = run_command(meshrelay_binary(), tmp_path, "id", "--data", str(tmp_path / "data"))
    assert asked.stdout.strip() == peer, "a restart is the same relay again"


def crew_sees(crew: Crew, node: MeshNode) -> set[str]:
    """The circuit addresses that a node tells others."""
    other = crew.circuit()
    other.connect(address(node, IP4))
    return {addr for addr in other.identify(node.peer_id).listen_addrs if "/p2p-circuit" in addr}


def test_metrics_for_prometheus(tmp_path: Path) -> None:
    place = f"127.0.0.1:{free_port()}"
    with running(tmp_path, *listening(), "--metrics", place) as child:
        first_lines(child, 2)
        assert eventually(lambda: status(f"http://{place}/metrics") == 200)
        with urllib.request.urlopen(f"http://{place}/metrics?a=b", timeout=5) as page:
            assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
            lines = page.read().decode().splitlines()
        kinds = dict(line.split()[2:4] for line in lines if line.startswith("# TYPE"))
        assert kinds["meshrelay_reservations"] == "gauge"
        assert kinds["meshrelay_bytes_relayed_total"] == "counter"
        assert all(value in ("gauge", "counter") for value in kinds.values())
        named = {line.split()[0] for line in lines if not line.startswith("#")}
        assert named == set(kinds)
        assert status(f"http://{place}/") == 404
        assert status(f"http://{place}/metrics", method="POST") == 405
        assert raw_http(place, b"no http at all\r\n\r\n") != b""
        assert status(f"http://{place}/metrics") == 200


def status(url: str, method: str = "GET") -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=5) as page:
            return page.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def raw_http(place: str, request: bytes) -> bytes:
    host, port = place.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(request)
        return connection.recv(1000) or b"closed"


# Leaving


def talking(crew: Crew, *relays: MeshRelay) -> tuple[MeshNode, MeshNode]:
    """Two nodes that see each other, with reservations at all of the relays."""
    flags = [part for relay in relays for part in ("--relay", address(relay, IP4))]
    one, other = (crew.node(*flags, hidden=True) for _ in range(2))
    for node in (one, other):
        for relay in relays:
            node.event("reservation", state="accepted", relay=relay.peer_id)
    for node, peer in ((one, other), (other, one)):
        node.event("peer.online", peerId=peer.peer_id)
    return one, other


def test_it_leaves_and_nobody_is_missed(crew: Crew) -> None:
    """Of two relays one goes: its clients stay reachable, and lose no word."""
    leaving, staying = crew.relay("--drain-seconds", str(DRAIN_SECONDS)), crew.relay()
    one, other = talking(crew, leaving, staying)
    one.call("peers.connect", addr=circuit(leaving, other.peer_id))
    said = [f"word {number}" for number in range(20)]
    leaving.child.process.send_signal(signal.SIGTERM)
    for text in said:
        one.say(text)
        time.sleep(0.25)
    assert leaving.child.wait(DRAIN_SECONDS + 5) == 0
    for node in (one, other):
        node.event("reservation", state="lost", relay=leaving.peer_id)
        held = {relay["peerId"] for relay in node.call("node.info")["relays"] if relay["state"] == "accepted"}
        assert held == {staying.peer_id}
    heard = [text for _, text in texts_heard(other, len(said), author=one.peer_id)]
    assert sorted(heard) == sorted(said)
    assert one.events("peer.offline") == other.events("peer.offline") == []
    assert staying.count("reservations") == 2


def test_while_it_leaves_it_takes_nobody(crew: Crew) -> None:
    relay = crew.relay("--drain-seconds", "20")
    talking(crew, relay)
    relay.child.process.send_signal(signal.SIGTERM)
    assert eventually(lambda: relay.count("draining") == 1)
    late = crew.node("--relay", address(relay, IP4))
    assert late.event("reservation", state="refused")["reason"] == "the relay has no free slot"


def test_the_second_signal_ends_it_at_once(crew: Crew) -> None:
    relay = crew.relay("--drain-seconds", "60")
    talking(crew, relay)
    relay.child.process.send_signal(signal.SIGTERM)
    assert eventually(lambda: relay.count("draining") == 1)
    began = time.monotonic()
    relay.child.process.send_signal(signal.SIGTERM)
    assert relay.child.wait(10) != 0
    assert time.monotonic() - began < 5


def test_without_clients_it_leaves_at_once(tmp_path: Path) -> None:
    with running(tmp_path, *listening(), "--drain-seconds", "30") as child:
        first_lines(child, 2)
        began = time.monotonic()
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0
        assert time.monotonic() - began < 5


# Refusals


@pytest.mark.parametrize(
    "flags",
    [
        ["--max-circuits=-1"],
        ["--max-reservations", "many"],
        ["--circuit-bytes=-5"],
        ["--reservation-seconds", "1"],
        ["--reservation-seconds", "100000"],
        ["--listen", "nowhere"],
        ["--announce", "somewhere"],
        ["--metrics", "9400"],
        ["--metrics", ":9400"],
        ["--log-level", "loud"],
        ["--api", "carrier-pigeon"],
        ["--no-such-flag"],
        ["somewhere"],
    ],
    ids=" ".join,
)
def test_bad_flags_are_told_and_end_it(tmp_path: Path, flags: list[str]) -> None:
    done = run_command(meshrelay_binary(), tmp_path, "run", "--data", str(tmp_path / "data"), *flags)
    assert done.returncode == 2, done.stderr
    assert flags[-1].rpartition("=")[2] in done.stderr


def test_a_taken_port_is_told_and_ends_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        flags = ["run", "--data", str(tmp_path / "data")]
        for busy in (listening(port), [*listening(), "--metrics", f"127.0.0.1:{port}"]):
            done = run_command(meshrelay_binary(), tmp_path, *flags, *busy)
            assert done.returncode == 1, done.stderr
            assert str(port) in done.stderr


# Discretion


def test_it_writes_no_text_down(crew: Crew) -> None:
    """Neither what is said in the room, nor what goes from one to the other, in no log and no file."""
    relay = crew.relay("--log-level", "trace")
    one, other = talking(crew, relay)
    one.say(SECRET)
    one.call("chat.send", text=SECRET, to=other.peer_id)
    for _ in range(2):
        other.event("message.received", text=SECRET)
    relay.call("node.shutdown")
    assert relay.child.wait(15) == 0
    written = [path for path in relay.home.rglob("*") if path.is_file()]
    assert relay.log in written
    assert [path for path in written if SECRET.encode() in path.read_bytes()] == []


def test_it_is_no_chatter(crew: Crew) -> None:
    """It passes gossip on, but is nobody to be online, and has no chat of its own."""
    relay = crew.relay()
    one, _ = talking(crew, relay)
    entry = next(entry for entry in one.call("peers.list") if entry["peerId"] == relay.peer_id)
    assert entry["presence"] == "offline"
    assert "/meshwork/chat/1" not in relay.call("node.info")["protocols"]
