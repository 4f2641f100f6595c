"""DCUtR and AutoNAT with go-libp2p. Both need NATs between the peers, so they run in the laboratory, and the rows
read what its captures say, decrypted."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import BUILT, ROOT, program
from peers.process import Message

RUN_SECONDS = 110
DIRECT_SECONDS = 15  # of which Go may need three attempts

pytestmark = pytest.mark.timeout(RUN_SECONDS + 60)


@dataclass(frozen=True)
class Run:
    """What is left of a scenario that was performed."""

    folder: Path

    def peer_id(self, host: str) -> str:
        peer: str = json.loads((self.folder / "run.json").read_text())["peers"][host]
        return peer

    def events(self, host: str) -> list[Message]:
        """What that node said of itself."""
        lines = map(json.loads, (self.folder / "events.jsonl").read_text().splitlines())
        return [line["event"]["params"] for line in lines if line.get("host") == host and "event" in line]

    def heard(self, host: str, protocol: str, peer: str) -> list[Message]:
        """What that host and the peer said to each other in streams of this protocol, in order."""
        capture = [self.folder / f"{host}.pcap", "--keys", self.folder / f"{host}.keys"]
        listing = subprocess.run(
            [meshsim(), "inspect", *capture, "--json", "--protocol", protocol, "--peer", self.peer_id(peer)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return [json.loads(line) for line in listing.stdout.splitlines()]


def meshsim() -> Path:
    return program(BUILT / "meshsim", "run swift build")


@pytest.fixture(scope="module")
def performed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Performs a scenario, once for all the rows that read it. A verdict that is not green fails the row."""
    runs: dict[str, Run] = {}

    def perform(name: str) -> Run:
        if name not in runs:
            folder = tmp_path_factory.mktemp(name) / "run"
            command = [meshsim(), "run", ROOT / f"Scenarios/{name}.swift", "--seed", "1", "--out", folder]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS)
            assert ended.returncode == 0, ended.stdout + ended.stderr
            runs[name] = Run(folder)
        return runs[name]

    return perform


@pytest.mark.parametrize(
    ("ours", "gophers"),
    [("ana", "gopher"), ("ben", "gaspard")],
    ids=["mesh-dials-go", "go-dials-mesh"],
)
def test_a_hole_is_punched(performed: Callable[[str], Run], ours: str, gophers: str) -> None:
    """Whoever was dialled through the relay asks: CONNECT, CONNECT, SYNC; then there is a direct connection."""
    run = performed("go-punch")
    said = run.heard(ours, "punch", gophers)
    asker = run.peer_id(gophers if ours == "ana" else ours)
    attempt = said[:3]
    assert [message["type"] for message in attempt] == ["punch.connect", "punch.connect", "punch.sync"]
    assert [message["fromPeer"] == asker for message in attempt] == [True, False, True]
    assert all(message["path"] == "relayed" for message in attempt)
    assert all(message["addrs"] for message in attempt[:2])
    direct = next(
        event["timeMs"]
        for event in run.events(ours)
        if (event["type"], event.get("path"), event.get("peerId"))
        == ("connection.opened", "direct", run.peer_id(gophers))
    )
    assert -1 < direct - attempt[-1]["timeMs"] < DIRECT_SECONDS * 1000  # events count whole milliseconds


@pytest.mark.parametrize(
    ("host", "judge", "asker", "status"),
    [
        ("ana", "gopher", "ana", "dial failed"),
        ("ana", "gaspard", "ana", "dial failed"),
        ("ben", "gopher", "ben", "ok"),
        ("ben", "gaspard", "ben", "ok"),
        ("relay", "ginger", "ginger", "dial failed"),
    ],
    ids=["go-judges-hidden", "go-too", "go-judges-public", "go-too-public", "mesh-judges-go"],
)
def test_one_tells_the_other_whether_it_is_reached(
    performed: Callable[[str], Run], host: str, judge: str, asker: str, status: str
) -> None:
    run = performed("go-autonat")
    question, answer = run.heard(host, "autonat", judge)[:2]
    assert (question["type"], question["peer"]) == ("autonat.question", run.peer_id(asker))
    assert question["fromPeer"] == run.peer_id(asker)
    assert (answer["type"], answer["status"]) == ("autonat.answer", status)
