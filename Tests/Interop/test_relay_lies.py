"""What a hostile relay may try at our node: it is not believed, and the node lives on."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conftest import Crew
from peers.circuit import CircuitPeer, Stream, circuit
from peers.hop import (
    HOP,
    STOP,
    Code,
    frame,
    read_stop,
    status,
    stop_connect,
    stop_status,
    voucher,
    wanted_peer,
)
from peers.p2pd import encode
from peers.peer import IP4, address, eventually
from test_refusal import SOMEBODY_ELSE

MIB = 1 << 20
GROWTH_MAX = 48 * MIB
ANSWER_SECONDS = 2.0
LIFETIME_MIN_MS, LIFETIME_MAX_MS = 120_000, 3_600_000
"""What is believed of a reservation's lifetime, at least and at most."""
CIRCUITS_PER_PEER = 4


class Scene:
    """A relay that says what a row wants, and the node that was told to use it."""

    def __init__(self, crew: Crew, relay: CircuitPeer) -> None:
        self.crew, self.relay = crew, relay
        self.node = crew.node("--relay", address(relay, IP4))
        self.resident_before = self.node.child.resident_bytes()

    def asked(self, seconds: float = 10) -> Stream:
        """The stream of the node's next RESERVE."""
        while True:
            stream = self.relay.met(HOP, seconds)
            if stream.remote == self.node.peer_id:
                stream.frame()
                return stream

    def answer(self, message: bytes) -> None:
        self.asked().write(message)

    def outcome(self, state: str, seconds: float = 5) -> dict[str, Any]:
        return self.node.event("reservation", seconds=seconds, state=state, relay=self.relay.peer_id)

    def grant(self) -> None:
        self.answer(status(Code.OK, expires=in_an_hour()))
        self.outcome("accepted")

    def offer(self, message: bytes) -> Stream:
        """A stop stream to the node, with that said on it."""
        stream = self.relay.open(self.node.peer_id, STOP)
        stream.write(message)
        return stream

    def announced(self) -> set[str]:
        """The circuit addresses that the node tells others."""
        seen = self.relay.identify(self.node.peer_id)
        return {addr for addr in seen.listen_addrs if "/p2p-circuit" in addr}

    def check_well(self) -> None:
        began = time.monotonic()
        assert self.node.call("node.info")["peerId"] == self.node.peer_id
        assert time.monotonic() - began < ANSWER_SECONDS
        assert self.node.child.resident_bytes() - self.resident_before < GROWTH_MAX
        other = self.crew.node()
        assert other.call("peers.connect", addr=address(self.node, IP4))["path"] == "direct"


@pytest.fixture(scope="module")
def liar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CircuitPeer]:
    with Crew(tmp_path_factory.mktemp("liar")) as crew:
        relay = crew.circuit()
        relay.serve(HOP)
        yield relay


@pytest.fixture
def scene(crew: Crew, liar: CircuitPeer) -> Iterator[Scene]:
    scene = Scene(crew, liar)
    yield scene
    scene.check_well()


@pytest.fixture(scope="module", autouse=True)
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A reservation of the shortest kind, whose renewal is waited for beside the other rows."""
    with Crew(tmp_path_factory.mktemp("patient")) as crew:
        relay = crew.circuit()
        relay.serve(HOP)
        scene = Scene(crew, relay)
        scene.answer(status(Code.OK, expires=1))
        scene.outcome("accepted")
        yield scene


def in_an_hour() -> int:
    return int(time.time()) + 3600


# Reservations


def test_without_a_voucher_a_reservation_is_one(scene: Scene) -> None:
    """As rust-libp2p's are; and without addresses the relay is where it was found."""
    scene.answer(status(Code.OK, expires=in_an_hour()))
    scene.outcome("accepted")
    assert scene.announced() == {f"{address(scene.relay, IP4)}/p2p-circuit"}


@pytest.mark.parametrize("forgery", ["another's key", "another peer", "another relay", "garbage"])
def test_forged_vouchers(scene: Scene, forgery: str) -> None:
    key, relay, peer = Ed25519PrivateKey.generate(), scene.relay.peer_id, scene.node.peer_id
    forged = {
        "another's key": voucher(key, relay, peer, in_an_hour()),
        "another peer": voucher(key, relay, SOMEBODY_ELSE, in_an_hour()),
        "another relay": voucher(key, SOMEBODY_ELSE, peer, in_an_hour()),
        "garbage": bytes(range(200)),
    }[forgery]
    scene.answer(status(Code.OK, expires=in_an_hour(), voucher=forged))
    assert "voucher" in scene.outcome("refused")["reason"]
    assert scene.announced() == set()


@pytest.mark.parametrize("expires", [0, 1, (1 << 63) - 1, (1 << 64) - 1])
def test_absurd_expiries(scene: Scene, expires: int) -> None:
    scene.answer(status(Code.OK, expires=expires))
    accepted = scene.outcome("accepted")
    lifetime = accepted["expiresMs"] - accepted["timeMs"]
    assert LIFETIME_MIN_MS - 1000 <= lifetime <= LIFETIME_MAX_MS + 1000


@pytest.mark.parametrize(("seconds", "data"), [((1 << 32) - 1, (1 << 64) - 1), ((1 << 64) - 1, 1), (1, 1)])
def test_absurd_limits(scene: Scene, seconds: int, data: int) -> None:
    scene.answer(status(Code.OK, expires=in_an_hour(), seconds=seconds, data=data))
    scene.outcome("accepted")


def test_addresses_that_are_not_the_relays(scene: Scene) -> None:
    own, me = address(scene.relay, IP4), scene.relay.peer_id
    lies = [
        *("/ip4/10.0.0.1/tcp/4001", "/ip4/192.168.1.1/tcp/80", "/ip4/169.254.1.1/tcp/1"),
        *("/ip4/100.64.0.1/tcp/2", "/ip4/224.0.0.1/tcp/4001", "/ip4/0.0.0.0/tcp/4001"),
        *("/ip4/255.255.255.255/tcp/1", "/ip4/127.0.0.1/tcp/0"),
        *("/ip6/fe80::1/tcp/1", "/ip6/fd00::1/tcp/1", "/ip6/ff02::1/tcp/1", "/ip6/::/tcp/1"),
        f"/ip4/45.10.0.1/tcp/4001/p2p/{SOMEBODY_ELSE}",
        f"{own}/p2p-circuit/p2p/{SOMEBODY_ELSE}",
        f"{own}/p2p-circuit",
    ]
    scene.answer(status(Code.OK, expires=in_an_hour(), addrs=[*lies, own]))
    scene.outcome("accepted")
    assert scene.announced() == {f"{own}/p2p-circuit"}
    assert all(me in addr for addr in scene.announced())


def test_more_addresses_than_a_relay_has(scene: Scene) -> None:
    many = [f"/ip4/45.10.0.{number}/tcp/4001" for number in range(1, 250)]
    scene.answer(status(Code.OK, expires=in_an_hour(), addrs=many))
    scene.outcome("accepted")
    assert len(scene.announced()) == 4


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(frame(bytes(5000)), id="too-large"),
        pytest.param(b"\xff" * 20, id="no-length"),
        pytest.param(frame(b"\xff\xff\xff"), id="no-protobuf"),
        pytest.param(frame(encode((1, 0))), id="a-request"),
        pytest.param(frame(encode((1, 2))), id="no-status"),
        pytest.param(status(Code.OK), id="no-reservation"),
        pytest.param(status(Code.RESERVATION_REFUSED), id="refused"),
        pytest.param(status(Code.PERMISSION_DENIED), id="denied"),
        pytest.param(status(999), id="unknown-status"),
    ],
)
def test_answers_that_are_no_reservation(scene: Scene, answer: bytes) -> None:
    scene.answer(answer)
    assert scene.outcome("refused")["reason"]
    assert scene.announced() == set()


def test_a_relay_that_does_not_answer(scene: Scene) -> None:
    scene.asked()
    assert "in time" in scene.outcome("refused", seconds=15)["reason"]


def test_a_relay_that_resets(scene: Scene) -> None:
    scene.asked().reset()
    scene.outcome("refused")


def test_a_relay_that_accepts_and_hangs_up_is_not_asked_all_the_time(scene: Scene) -> None:
    for _ in range(2):
        scene.grant()
        scene.relay.disconnect(scene.node.peer_id)
        scene.outcome("lost")
        time.sleep(0.1)
    before = time.monotonic()
    scene.asked(seconds=30)
    assert time.monotonic() - before > 0.3


# Circuits that are offered


def test_a_stranger_offers_a_circuit(scene: Scene) -> None:
    """Only relays that the node reserved at may."""
    scene.answer(status(Code.PERMISSION_DENIED))
    scene.outcome("refused")
    assert read_stop(scene.offer(stop_connect(SOMEBODY_ELSE)).frame()) == Code.PERMISSION_DENIED


def test_circuits_in_impossible_names(scene: Scene) -> None:
    scene.grant()
    for name in (scene.node.peer_id, scene.relay.peer_id):
        assert read_stop(scene.offer(stop_connect(name)).frame()) == Code.PERMISSION_DENIED


def test_offers_that_are_none(scene: Scene) -> None:
    scene.grant()
    for offer, code in (
        (frame(encode((1, 0))), Code.MALFORMED_MESSAGE),
        (frame(encode((1, 0), (2, encode((1, b"?"))))), Code.MALFORMED_MESSAGE),
        (frame(b"\xff\xff\xff"), Code.MALFORMED_MESSAGE),
        (frame(bytes(5000))[:4096], Code.MALFORMED_MESSAGE),
        (stop_status(Code.OK), Code.UNEXPECTED_MESSAGE),
        (frame(encode((1, 9))), Code.UNEXPECTED_MESSAGE),
    ):
        assert read_stop(scene.offer(offer).frame()) == code


def test_more_circuits_than_a_peer_may_have(scene: Scene) -> None:
    """They never say a word on them, either: each is given up in time."""
    scene.grant()
    answers = [
        read_stop(scene.offer(stop_connect(SOMEBODY_ELSE)).frame()) for _ in range(CIRCUITS_PER_PEER + 3)
    ]
    assert answers.count(Code.OK) == CIRCUITS_PER_PEER
    assert set(answers) == {Code.OK, Code.RESOURCE_LIMIT_EXCEEDED}


def test_bytes_that_are_no_connection(scene: Scene) -> None:
    scene.grant()
    stream = scene.offer(stop_connect(SOMEBODY_ELSE))
    assert read_stop(stream.frame()) == Code.OK
    stream.write(bytes(range(256)) * 64)
    assert stream.ended(20) is not None
    assert scene.node.events("connection.opened", peerId=SOMEBODY_ELSE) == []


# Circuits that are asked for


def dial_through(scene: Scene, peer: str) -> Stream:
    """The node asks for a circuit to that peer, in a call of its own that waits for it."""
    scene.node.lines.child.write_line(
        '{"jsonrpc":"2.0","id":"dial","method":"peers.connect","params":{"addr":"%s"}}'
        % circuit(scene.relay, peer)
    )
    while True:
        stream = scene.relay.met(HOP)
        if stream.remote == scene.node.peer_id and wanted_peer(stream.frame()) == peer:
            return stream


def refused(scene: Scene, seconds: float = 15) -> str:
    answer = scene.node.lines.event(lambda message: message.get("id") == "dial", seconds)
    assert "error" in answer, answer
    return answer["error"]["message"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(status(Code.NO_RESERVATION), id="no-reservation"),
        pytest.param(status(Code.CONNECTION_FAILED), id="failed"),
        pytest.param(frame(bytes(5000)), id="too-large"),
        pytest.param(frame(b"\xff\xff"), id="no-protobuf"),
        pytest.param(status(Code.OK) + b"\x00" * 300, id="no-connection"),
    ],
)
def test_circuits_that_come_to_nothing(scene: Scene, answer: bytes) -> None:
    scene.grant()
    dial_through(scene, SOMEBODY_ELSE).write(answer)
    assert refused(scene)


def test_a_circuit_that_is_reset_at_once(scene: Scene) -> None:
    scene.grant()
    stream = dial_through(scene, SOMEBODY_ELSE)
    stream.write(status(Code.OK))
    stream.reset()
    assert refused(scene)


def test_a_circuit_that_leads_to_somebody_else(scene: Scene) -> None:
    """The relay's word is not enough: who is at the other end has to prove it."""
    scene.grant()
    impostor = scene.crew.go()
    stream = dial_through(scene, SOMEBODY_ELSE)
    stream.write(status(Code.OK))
    stream.splice(int(address(impostor, IP4).split("/")[4]))
    assert impostor.peer_id in refused(scene)
    assert scene.node.events("connection.opened", peerId=SOMEBODY_ELSE) == []


def test_a_spliced_circuit_is_one(scene: Scene) -> None:
    """What the row above did works, when it leads where it should."""
    scene.grant()
    peer = scene.crew.go()
    stream = dial_through(scene, peer.peer_id)
    stream.write(status(Code.OK))
    stream.splice(int(address(peer, IP4).split("/")[4]))
    assert scene.node.event("connection.opened", peerId=peer.peer_id)["path"] == "relayed"
    assert eventually(lambda: scene.node.peer_id in peer.peers())


# What takes a while


@pytest.mark.timeout(180)
def test_a_relay_that_refuses_to_renew(patient: Scene) -> None:
    """What it granted is used while it lasts, and it is asked once more before that ends."""
    patient.asked(seconds=LIFETIME_MIN_MS / 1000).write(status(Code.RESERVATION_REFUSED))
    time.sleep(1)
    assert patient.node.events("reservation", state="lost") == []
    assert patient.announced() == {f"{address(patient.relay, IP4)}/p2p-circuit"}
    patient.asked(seconds=60).write(status(Code.OK, expires=in_an_hour()))
    patient.outcome("accepted")
    assert patient.node.events("reservation", state="lost") == []
    patient.check_well()
