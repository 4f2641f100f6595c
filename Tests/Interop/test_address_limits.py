"""Limits by address, which loopback is exempt from: in network namespaces, over a wire of their own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import meshnode_binary
from peers.meshnode import isolated
from peers.namespaces import Lan
from peers.peer import PeerError

ATTEMPTS = 10_000
OPEN_MAX = 8
GROWTH_MAX = 32 << 20
HEADER = b"\x13/multistream/1.0.0\n"

FLOOD = f"""
import socket, select
header, held, greeted = {HEADER!r}, [], 0
for number in range({ATTEMPTS}):
    s = socket.socket(); s.settimeout(10); s.connect(("10.0.0.1", 4001)); held.append(s)
    try: s.sendall(header)
    except ConnectionError: pass
    s.setblocking(False)
    if len(held) < 200 and number < {ATTEMPTS} - 1: continue
    select.select(held, [], [], 0.2)
    for s in held:
        try: greeted += s.recv(64).startswith(header[:1])
        except (BlockingIOError, ConnectionError): pass
    for s in held[{OPEN_MAX}:]: s.close()
    held = held[:{OPEN_MAX}]
print(greeted)
"""

CALL = """
import socket, sys
s = socket.socket(); s.bind((sys.argv[1], 0)); s.settimeout(5); s.connect(("10.0.0.1", 4001))
s.sendall(%r)
print(s.recv(64).hex())
""" % HEADER


@pytest.fixture
def lan() -> Iterator[Lan]:
    try:
        lan = Lan()
    except PeerError as error:
        pytest.fail(str(error), pytrace=False)
    lan.plug("ip4")
    lan.right.run("ip address add 10.0.0.3/24 dev eth0")
    yield lan
    lan.stop()


def call(lan: Lan, source: str) -> str:
    """What the node answers to the first line of somebody at that address."""
    return speak(lan, CALL, source)


def speak(lan: Lan, program: str, *arguments: str) -> str:
    done = subprocess.run(
        [*lan.right.entering, sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def test_ten_thousand_attempts_from_one_address(lan: Lan, tmp_path: Path) -> None:
    command = [str(meshnode_binary()), "run", "--data", str(tmp_path / "data"), "--no-mdns"]
    command += ["--listen", "/ip4/10.0.0.1/tcp/4001", "--api", "stdio", "--log-level", "error"]
    with subprocess.Popen(
        [*lan.left.entering, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=isolated(tmp_path),
    ) as node:
        assert node.stdin is not None and node.stdout is not None
        try:
            while json.loads(node.stdout.readline())["params"]["type"] != "ready":
                pass
            before = resident(node.pid)
            greeted = int(speak(lan, FLOOD))
            # A burst of 16, then one every five seconds, and never more than eight at once.
            assert 1 <= greeted <= 40
            assert resident(node.pid) - before < GROWTH_MAX
            # Somebody else is not made to pay for it, and the node answers.
            assert bytes.fromhex(call(lan, "10.0.0.3")) == HEADER
            node.stdin.write('{"jsonrpc":"2.0","id":1,"method":"node.info"}\n')
            node.stdin.flush()
            while "result" not in (answer := json.loads(node.stdout.readline())):
                pass
            assert answer["result"]["peerId"]
        finally:
            node.stdin.close()
            assert node.wait(10) == 0
