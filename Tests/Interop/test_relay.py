"""Circuits: a relay of each make, with a reservation of each make, dialled by each make."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from conftest import GO, MESH, PY, Crew
from peers import payload
from peers.circuit import CircuitPeer, circuit
from peers.go import GoPeer
from peers.gossip import GoGossiper, Gossiper, acquainted, texts_heard
from peers.line_peer import LinePeer
from peers.meshnode import MeshNode
from peers.peer import IP4, IP6, Peer, PeerError, Reachable, Transferred, address, eventually
from peers.relays import ask_to_reserve, large_go_relay
from test_links import AGENTS

MEGABYTES = 5_000_000
STREAMS, STREAM_BYTES = 50, 4096
SEED = 20_260_505
COUNT = 10
HOUR, GIGABYTE = 3600, 1 << 30


@dataclass(frozen=True)
class Roles:
    """Who dials whom through whom."""

    dialer: str
    relay: str
    target: str
    family: str = IP4

    @property
    def name(self) -> str:
        return f"{self.dialer}-through-{self.relay}-to-{self.target}-{self.family}"


MAKES = (MESH, GO, PY)
EVERY = [Roles(dialer, relay, target) for relay in MAKES for dialer in MAKES for target in MAKES]
ROLES = [*EVERY, Roles(MESH, MESH, MESH, IP6), Roles(GO, MESH, MESH, IP6), Roles(MESH, GO, MESH, IP6)]


def rows() -> pytest.MarkDecorator:
    params = [
        pytest.param(
            roles,
            id=roles.name,
            marks=[] if MESH in (roles.dialer, roles.relay, roles.target) else [pytest.mark.control],
        )
        for roles in ROLES
    ]
    return pytest.mark.parametrize("joined", params, indirect=True)


@dataclass(frozen=True)
class Joined:
    """Two peers with one connection between them, which is a circuit through the relay."""

    roles: Roles
    relay: Reachable
    dialer: Peer
    target: Peer


class Relays:
    """One relay of each make for all rows, started when the first row wants it."""

    def __init__(self, crew: Crew) -> None:
        self.crew, self.running = crew, dict[str, Reachable]()

    def of(self, make: str) -> Reachable:
        if make not in self.running:
            self.running[make] = self._start(make)
        return self.running[make]

    def _start(self, make: str) -> Reachable:
        if make == MESH:
            return self.crew.relay()
        if make == PY:
            return self.crew.circuit(relay=f"{HOUR},{GIGABYTE}")
        return large_go_relay(self.crew)


@pytest.fixture(scope="module")
def relays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relays]:
    with Crew(tmp_path_factory.mktemp("relays")) as crew:
        yield Relays(crew)


@pytest.fixture(scope="module")
def joined(
    request: pytest.FixtureRequest, relays: Relays, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Joined]:
    roles: Roles = request.param
    relay = relays.of(roles.relay)
    with ExitStack() as stack:
        crew = stack.enter_context(Crew(tmp_path_factory.mktemp(roles.name)))
        target = reserved(crew, roles.target, relay, roles.family)
        dialer = client(crew, roles.dialer)
        try:
            dial(dialer, circuit(relay, target.peer_id, roles.family))
        except PeerError as error:
            pytest.fail(f"{roles.name}: no circuit: {error}", pytrace=False)
        yield Joined(roles, relay, dialer, target)


def client(crew: Crew, make: str, *flags: str) -> Peer:
    if make == MESH:
        return crew.peer("--listen", "nowhere", *flags)
    return crew.circuit() if make == PY else crew.go("-relay=1", *flags)


def reserved(crew: Crew, make: str, relay: Reachable, family: str) -> Peer:
    """A peer that holds a reservation there, got in the way of its make."""
    if make == MESH:
        peer = client(crew, make, "--relay", address(relay, family))
        assert isinstance(peer, LinePeer)
        assert eventually(lambda: relay.peer_id in peer.reservations(), 10), "no reservation"
    elif make == PY:
        peer = client(crew, make)
        assert isinstance(peer, CircuitPeer)
        assert peer.reserve(relay, family)
    else:
        peer = client(crew, make)
        assert isinstance(peer, GoPeer)
        ask_to_reserve(peer, relay, family)
    return peer


def dial(peer: Peer, addr: str) -> None:
    if isinstance(peer, CircuitPeer):
        peer.dial(addr)
    else:
        peer.connect(addr)


# One circuit, every protocol in turn


@rows()
def test_identify_both_ways(joined: Joined) -> None:
    for one, other in ((joined.dialer, joined.target), (joined.target, joined.dialer)):
        seen = one.identify(other.peer_id)
        assert seen.agent.startswith(AGENTS[other.make])
        # py-libp2p keeps no record that has no address: of a dialler of ours, who listens nowhere.
        if (one.make, seen.listen_addrs) != (PY, []):
            assert seen.signed_record, "no signed peer record, or one that does not verify"


@rows()
def test_ping_both_ways(joined: Joined) -> None:
    assert len(joined.dialer.ping(joined.target.peer_id, 5)) == 5
    assert len(joined.target.ping(joined.dialer.peer_id, 5)) == 5


@rows()
def test_bytes_both_ways(joined: Joined) -> None:
    done = joined.dialer.transfer(joined.target.peer_id, MEGABYTES, MEGABYTES, SEED)
    uploaded = payload.digest(SEED, MEGABYTES)
    assert done == Transferred(uploaded, uploaded, payload.digest(SEED + 1, MEGABYTES))


@rows()
def test_streams_at_once_of_either_side(joined: Joined) -> None:
    assert joined.dialer.echo(joined.target.peer_id, STREAMS, STREAM_BYTES) == STREAMS
    assert joined.target.echo(joined.dialer.peer_id, STREAMS, STREAM_BYTES) == STREAMS


# Our relay, beside the circuits


def test_go_reserves_here_by_itself(crew: Crew) -> None:
    """Its AutoRelay reads our identify, reserves, and takes the voucher."""
    relay = crew.relay()
    go = crew.go(
        *("-relay=1", "-autoRelay", "-relayDiscovery=0", "-trustedRelays", address(relay, IP4)),
        *("-dhtClient", "-forceReachabilityPrivate"),
    )
    assert eventually(lambda: relay.count("reservations") == 1, 15)
    node = crew.node()
    connected = node.call("peers.connect", addr=circuit(relay, go.peer_id))
    assert connected["path"] == "relayed"


def test_what_our_relay_counts(crew: Crew) -> None:
    relay = crew.relay()
    target = reserved(crew, MESH, relay, IP4)
    dialer = client(crew, GO)
    dialer.connect(circuit(relay, target.peer_id))
    dialer.transfer(target.peer_id, MEGABYTES, 0, SEED)
    counts = relay.metrics()
    assert (counts["reservations"], counts["circuits"]) == (1, 1)
    assert (counts["reservations_granted"], counts["circuits_opened"]) == (1, 1)
    assert MEGABYTES < counts["bytes_relayed"] < 1.1 * MEGABYTES
    dialer.stop()
    assert eventually(lambda: relay.count("circuits") == 0)
    target.stop()
    assert eventually(lambda: relay.count("reservations") == 0)


# Gossip over circuits


def test_go_gossips_over_a_circuit_of_ours(crew: Crew) -> None:
    """Without a limit a circuit is to Go a connection like others. Go's mesh has us and the relay in it."""
    relay = crew.relay()
    node, go = crew.node("--relay", address(relay, IP4), hidden=True), crew.go("-relay=1")
    node.event("reservation", state="accepted")
    go.connect(circuit(relay, node.peer_id))
    check_gossip(node, go)


@pytest.mark.parametrize("make", [GO, PY])
def test_python_gossips_over_a_circuit_of_a_foreign_relay(crew: Crew, relays: Relays, make: str) -> None:
    relay = relays.of(make)
    node, py = crew.node("--relay", address(relay, IP4), hidden=True), crew.circuit()
    node.event("reservation", state="accepted")
    py.dial(circuit(relay, node.peer_id))
    check_gossip(node, py)


@pytest.mark.parametrize("make", MAKES)
def test_our_nodes_chat_over_a_circuit(crew: Crew, relays: Relays, make: str) -> None:
    relay = relays.of(make)
    one, other = (crew.node("--relay", address(relay, IP4), hidden=True) for _ in range(2))
    for node in (one, other):
        node.event("reservation", state="accepted", relay=relay.peer_id)
    connected = one.call("peers.connect", addr=circuit(relay, other.peer_id))
    assert connected["path"] == "relayed"
    for node, peer in ((one, other), (other, one)):
        node.event("peer.online", peerId=peer.peer_id)
    check_gossip(one, other)
    sent = one.call("chat.send", text="for your eyes only", to=other.peer_id)
    other.event("message.received", id=sent["id"], text="for your eyes only")
    one.event("message.state", id=sent["id"], state="delivered")


def check_gossip(one: MeshNode, other: Gossiper) -> None:
    """Ten messages each way, once each, between two who are connected through a relay alone."""
    assert acquainted(one, other)
    paths = {entry["peerId"]: entry["path"] for entry in one.call("peers.list")}
    assert paths[other.peer_id] == "relayed"
    if isinstance(other, GoGossiper):
        assert eventually(lambda: one.peer_id in other.peers())
    for speaker, listener in ((one, other), (other, one)):
        assert greeted_once(speaker, listener)
        said = [f"{speaker.make} {number}" for number in range(COUNT)]
        for text in said:
            speaker.say(text)
        heard = texts_heard(listener, COUNT, author=speaker.peer_id)
        assert sorted(heard) == sorted((speaker.peer_id, text) for text in said)


def greeted_once(speaker: Gossiper, listener: Gossiper) -> bool:
    """Whether a greeting comes to reach the listener: what Go says before its mesh stands is lost."""

    def greet() -> bool:
        speaker.say("hello")
        return eventually(lambda: any(word.author == speaker.peer_id for word in listener.heard()), 0.5)

    return eventually(greet, 15)
