"""`meshnode ping` and `meshnode perf` against every kind of peer, as a person would run them."""

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import GO, PY, Start, StartNode, meshnode_binary
from peers.go import GoPeer
from peers.meshnode import run_command
from peers.peer import IP4, IP6, Reachable, address
from test_refusal import SOMEBODY_ELSE, with_peer

MESHNODE = "meshnode"
AGENTS = {GO: "p2pd/", PY: "py-libp2p/", MESHNODE: "meshnode/"}
UP, DOWN = 20_000_000, 30_000_000

everyone = pytest.mark.parametrize("make", [GO, PY, MESHNODE])
families = pytest.mark.parametrize("family", [IP4, IP6])


@pytest.fixture
def target(make: str, run: Start, meshnode: StartNode) -> Reachable:
    return meshnode("--serve-bench") if make == MESHNODE else run(make)


def json_of(folder: Path, *arguments: str) -> dict[str, Any]:
    done = run_command(meshnode_binary(), folder, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@everyone
@families
def test_ping(target: Reachable, tmp_path: Path, make: str, family: str) -> None:
    seen = json_of(tmp_path, "ping", address(target, family), "--count", "3")
    assert seen["peerId"] == target.peer_id
    assert seen["agent"].startswith(AGENTS[make])
    assert "/ipfs/ping/1.0.0" in seen["protocols"]
    assert len(seen["rttMs"]) == 3


@everyone
def test_ping_prints_for_people(target: Reachable, tmp_path: Path, make: str) -> None:
    done = run_command(meshnode_binary(), tmp_path, "ping", address(target, IP4), "--count", "1")
    assert done.returncode == 0, done.stderr
    assert AGENTS[make] in done.stdout and "ms" in done.stdout


@everyone
def test_ping_of_a_wrong_peer_id_fails(target: Reachable, tmp_path: Path) -> None:
    done = run_command(meshnode_binary(), tmp_path, "ping", with_peer(address(target, IP4), SOMEBODY_ELSE))
    assert done.returncode == 1
    assert target.peer_id in done.stderr


@everyone
def test_perf(target: Reachable, tmp_path: Path) -> None:
    """/perf/1.0.0 where the peer has it; p2pd's socket has no half-close, so there it is the counted form."""
    seen = json_of(tmp_path, "perf", address(target, IP4), "--upload", str(UP), "--download", str(DOWN))
    assert (seen["upload"]["bytes"], seen["download"]["bytes"]) == (UP, DOWN)
    assert seen["upload"]["ms"] > 0 and seen["download"]["ms"] > 0


def test_go_measures_meshnode(run: Start, meshnode: StartNode) -> None:
    go, node = run(GO), meshnode("--serve-bench")
    assert isinstance(go, GoPeer)
    go.connect(address(node, IP4))
    go.bench(node.peer_id, UP, DOWN)


@pytest.mark.control
def test_go_measures_go(run: Start) -> None:
    client, server = run(GO), run(GO)
    assert isinstance(client, GoPeer)
    client.connect(address(server, IP4))
    client.bench(server.peer_id, UP, DOWN)
