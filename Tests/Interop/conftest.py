"""Fixtures: where the peers' programs are, and pairs of running peers joined by one connection."""

import os
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from peers.circuit import CircuitPeer
from peers.go import GoPeer
from peers.gossip import GoGossiper, PyGossiper
from peers.line_peer import LinePeer
from peers.meshnode import MeshNode
from peers.meshrelay import MeshRelay
from peers.original import OriginalPeer
from peers.peer import IP4, IP6, Peer, PeerError, address
from peers.raw import RawPeer

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "meshwork" / "interop"
BUILT = ROOT / ".build" / "debug"

MESH, GO, PY = "mesh", "go", "py"
Start = Callable[..., Peer]
StartNode = Callable[..., MeshNode]
Member = TypeVar("Member", MeshNode, MeshRelay, GoGossiper, PyGossiper, CircuitPeer, OriginalPeer, LinePeer)


def program(path: Path, remedy: str) -> Path:
    """The path, if it can be run; a missing program is a failure, never a reason to skip."""
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is missing: {remedy}", pytrace=False)
    return path


def start(make: str, home: Path, flags: tuple[str, ...] = ()) -> Peer:
    """A running peer of that make, with its files in `home`."""
    if make == GO:
        return GoPeer(p2pd_binary(), home, flags)
    if make == PY:
        return LinePeer(PY, python("peers.py_peer", flags), home, cwd=HERE)
    return LinePeer(MESH, [str(program(BUILT / "interop-peer", "run swift build")), *flags], home)


def p2pd_binary() -> Path:
    return program(CACHE / "p2pd", "run scripts/setup interop")


def python(module: str, flags: Sequence[str] = ()) -> list[str]:
    return [sys.executable, "-m", module, *flags]


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
    peer = start(make, new_home(folder, make), flags)
    stack.callback(peer.stop)
    return peer


def new_home(folder: Path, name: str) -> Path:
    home = folder / f"{name}{len(list(folder.iterdir()))}"
    home.mkdir()
    return home


class Crew:
    """Starts peers for one row, or for a module's rows, in one folder; leaving its context ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._stack = folder, ExitStack()

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def node(
        self,
        *flags: str,
        home: Path | None = None,
        settings: Mapping[str, object] | None = None,
        hidden: bool = False,
    ) -> MeshNode:
        """`meshnode run`. In the home of an earlier node it is that node again. A hidden one listens nowhere:
        others reach it through relays."""
        home = home or self._home("node")
        return self._join(MeshNode(meshnode_binary(), home, flags, settings, hidden))

    def relay(self, *flags: str, home: Path | None = None) -> MeshRelay:
        """`meshrelay run`."""
        return self._join(MeshRelay(meshrelay_binary(), home or self._home("relay"), flags))

    def peer(self, *flags: str) -> LinePeer:
        """A node of ours that echoes and transfers."""
        argv = [str(program(BUILT / "interop-peer", "run swift build")), *flags]
        return self._join(LinePeer(MESH, argv, self._home(MESH)))

    def go(self, *flags: str, pubsub: bool = True) -> GoGossiper:
        return self._join(GoGossiper(p2pd_binary(), self._home(GO), flags, pubsub))

    def circuit(self, relay: str | None = None) -> CircuitPeer:
        """py-libp2p as a relay's client; a relay itself when it is given its limits, `SECONDS,BYTES`."""
        argv = python("peers.py_circuit", ["--relay", relay] if relay else [])
        return self._join(CircuitPeer(PY, argv, self._home("circuit"), cwd=HERE))

    def py(self, meshsub: str = "1.1") -> PyGossiper:
        """Gossips in the versions up to that one."""
        argv = python("peers.py_gossiper", ["--meshsub", meshsub])
        return self._join(PyGossiper(PY, argv, self._home(PY), cwd=HERE))

    def original(self, tick: float = 15) -> OriginalPeer:
        argv = python("peers.py_original", ["--tick", str(tick)])
        return self._join(OriginalPeer("original", argv, self._home("original"), cwd=HERE))

    def _home(self, name: str) -> Path:
        return new_home(self.folder, name)

    def _join(self, member: Member) -> Member:
        self._stack.callback(member.stop)
        return member


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    with Crew(tmp_path) as crew:
        yield crew


@pytest.fixture
def meshnode(crew: Crew) -> StartNode:
    """Starts `meshnode run` with the given flags and settings; it ends with the test."""
    return crew.node


@pytest.fixture(scope="session")
def raw_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawPeer]:
    peer = RawPeer("raw", python("peers.py_raw"), tmp_path_factory.mktemp("raw"), cwd=HERE)
    yield peer
    peer.stop()


@pytest.fixture
def raw(raw_process: RawPeer) -> RawPeer:
    """A peer that says whatever it is given; a new one for each row, in one process, which starts slowly."""
    raw_process.become_new()
    return raw_process


def meshnode_binary() -> Path:
    return program(BUILT / "meshnode", "run swift build")


def meshrelay_binary() -> Path:
    return program(BUILT / "meshrelay", "run swift build")


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
    folders = [fixtures["tmp_path"]] if "tmp_path" in fixtures else []
    folders += [folder for value in fixtures.values() if (folder := getattr(value, "folder", None))]
    return sorted({log for folder in folders for log in folder.glob("*/*.log")})
