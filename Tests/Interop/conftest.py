"""Fixtures: where the peers' programs are, and pairs of running peers joined by one connection."""

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from peers.go import GoPeer
from peers.line_peer import LinePeer
from peers.meshnode import MeshNode
from peers.peer import IP4, IP6, Peer, PeerError, address

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "meshwork" / "interop"
BUILT = ROOT / ".build" / "debug"

MESH, GO, PY = "mesh", "go", "py"
Start = Callable[..., Peer]
StartNode = Callable[..., MeshNode]


def program(path: Path, remedy: str) -> Path:
    """The path, if it can be run; a missing program is a failure, never a reason to skip."""
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is missing: {remedy}", pytrace=False)
    return path


def start(make: str, home: Path, flags: tuple[str, ...] = ()) -> Peer:
    """A running peer of that make, with its files in `home`."""
    if make == GO:
        return GoPeer(program(CACHE / "p2pd", "run scripts/setup interop"), home, flags)
    if make == PY:
        return LinePeer(PY, [sys.executable, "-m", "peers.py_peer", *flags], home, cwd=HERE)
    return LinePeer(MESH, [str(program(BUILT / "interop-peer", "run swift build")), *flags], home)


@dataclass(frozen=True)
class Pair:
    """A row's two makes and its address family."""

    dialer: str
    listener: str
    family: str

    @property
    def name(self) -> str:
        return f"{self.dialer}-dials-{self.listener}-{self.family}"

    def has(self, make: str) -> bool:
        return make in (self.dialer, self.listener)


OURS = [
    Pair(dialer, listener, family)
    for dialer, listener in [(MESH, GO), (GO, MESH), (MESH, PY), (PY, MESH)]
    for family in (IP4, IP6)
]
CONTROL = [Pair(GO, PY, IP4), Pair(PY, GO, IP4)]
PAIRS = CONTROL + OURS


def rows(pairs: Sequence[Pair], argument: str = "pair") -> pytest.MarkDecorator:
    """One row per pair, by its name; pairs without us are the control. `link` is the fixture, connected."""
    params = [
        pytest.param(pair, id=pair.name, marks=[] if pair.has(MESH) else [pytest.mark.control])
        for pair in pairs
    ]
    return pytest.mark.parametrize(argument, params, indirect=argument == "link")


@dataclass(frozen=True)
class Link:
    """Two running peers of which the first has connected to the second."""

    dialer: Peer
    listener: Peer
    family: str


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Start]:
    """Starts peers that end with the test."""
    with ExitStack() as stack:
        yield lambda make, *flags: started(stack, make, tmp_path, flags)


def started(stack: ExitStack, make: str, folder: Path, flags: tuple[str, ...] = ()) -> Peer:
    home = folder / f"{make}{len(list(folder.iterdir()))}"
    home.mkdir()
    peer = start(make, home, flags)
    stack.callback(peer.stop)
    return peer


@pytest.fixture
def meshnode(tmp_path: Path) -> Iterator[StartNode]:
    """Starts `meshnode run` with the given flags; it ends with the test."""
    with ExitStack() as stack:

        def start_node(*flags: str) -> MeshNode:
            home = tmp_path / f"node{len(list(tmp_path.iterdir()))}"
            home.mkdir()
            node = MeshNode(meshnode_binary(), home, flags)
            stack.callback(node.stop)
            return node

        yield start_node


def meshnode_binary() -> Path:
    return program(BUILT / "meshnode", "run swift build")


@pytest.fixture(scope="module")
def link(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Link]:
    """The pair named by the parameter, connected once for all rows of the module that ask for it."""
    pair: Pair = request.param
    folder = tmp_path_factory.mktemp(pair.name)
    with ExitStack() as stack:
        dialer, listener = (started(stack, make, folder) for make in (pair.dialer, pair.listener))
        try:
            dialer.connect(address(listener, pair.family))
        except PeerError as error:
            pytest.fail(f"{pair.name}: no connection: {error}", pytrace=False)
        yield Link(dialer, listener, pair.family)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A red row shows where its peers' logs are, and how they end."""
    report = yield
    if report.failed:
        for log in peer_logs(getattr(item, "funcargs", {})):
            report.sections.append((str(log), log.read_text(errors="replace")[-1500:]))
    return report


def peer_logs(fixtures: dict[str, Any]) -> list[Path]:
    if link := fixtures.get("link"):
        return [link.dialer.log, link.listener.log]
    return sorted(fixtures["tmp_path"].glob("*/*.log")) if "tmp_path" in fixtures else []
