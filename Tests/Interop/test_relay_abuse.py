"""What a hostile client may try at our relay: it gets the right answer, is counted, and costs others nothing."""

import os
import threading
import time
from collections.abc import Iterator

import pytest

from conftest import Crew
from peers.circuit import CircuitPeer, Stream, circuit
from peers.hop import (
    STOP,
    Answer,
    Code,
    connect,
    frame,
    reserve,
    status,
    stop_connect,
    stop_status,
    wanted_peer,
)
from peers.meshrelay import MeshRelay
from peers.p2pd import encode
from peers.peer import IP4, PeerError, address, eventually
from test_refusal import SOMEBODY_ELSE

MIB = 1 << 20
GROWTH_MAX = 48 * MIB
"""What a relay may grow by, under any abuse: its buffers when full, and what the allocator keeps."""
MESSAGE_BYTES_MAX = 4096
WINDOW_BYTES_MAX = 16 * MIB
RESERVATION_BURST, RESERVATION_SECONDS = 30, 4
"""Of one peer: so many at once, then one in so many seconds."""
CIRCUIT_BURST = 64


class Scene:
    """A relay, somebody who is up to no good, and an accomplice; both say by hand what they say."""

    def __init__(self, crew: Crew, foe: CircuitPeer, accomplice: CircuitPeer) -> None:
        self.crew, self.foe, self.accomplice = crew, foe, accomplice

    def relay(self, *flags: str) -> MeshRelay:
        relay = self._relay = self.crew.relay(*flags)
        self.resident_before = relay.child.resident_bytes()
        for peer in (self.foe, self.accomplice):
            peer.connect(address(relay, IP4))
        return relay

    def reserve(self, peer: CircuitPeer | None = None) -> None:
        answer = (peer or self.accomplice).hop(self._relay, reserve()).answer()
        assert answer.code == Code.OK

    def join(self) -> tuple[Stream, Stream]:
        """The two ends of a circuit from the foe to the accomplice, who holds a reservation."""
        near = self.foe.hop(self._relay, connect(self.accomplice.peer_id))
        far = self.accomplice.met(STOP)
        assert wanted_peer(far.frame()) == self.foe.peer_id
        far.write(stop_status(Code.OK))
        assert near.answer().code == Code.OK
        return near, far

    def check_well(self) -> None:
        """The relay serves others as if nothing had happened, and is not much larger than before."""
        relay = self._relay
        node, other = (self.crew.node("--relay", address(relay, IP4)) for _ in range(2))
        for one in (node, other):
            one.event("reservation", state="accepted")
        assert node.call("peers.connect", addr=circuit(relay, other.peer_id))["path"] == "relayed"
        assert len(node.call("peers.ping", peerId=other.peer_id, count=3)["rttMs"]) == 3
        assert relay.child.resident_bytes() - self.resident_before < GROWTH_MAX


@pytest.fixture(scope="module")
def foes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CircuitPeer, CircuitPeer]]:
    with Crew(tmp_path_factory.mktemp("foes")) as crew:
        foe, accomplice = crew.circuit(), crew.circuit()
        accomplice.serve(STOP)
        yield foe, accomplice


@pytest.fixture
def scene(crew: Crew, foes: tuple[CircuitPeer, CircuitPeer]) -> Iterator[Scene]:
    scene = Scene(crew, *foes)
    yield scene
    scene.check_well()


# Refusals, by the specification's statuses


def test_no_circuit_to_who_has_no_reservation(scene: Scene) -> None:
    relay = scene.relay()
    for peer in (scene.accomplice.peer_id, SOMEBODY_ELSE):
        assert scene.foe.hop(relay, connect(peer)).answer().code == Code.NO_RESERVATION
    assert relay.count("connects_without_reservation") == 2


def test_no_circuit_to_oneself(scene: Scene) -> None:
    relay = scene.relay()
    scene.reserve(scene.foe)
    assert scene.foe.hop(relay, connect(scene.foe.peer_id)).answer().code == Code.PERMISSION_DENIED
    assert relay.count("refused_permission") == 1


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\xff\xff\xff", id="no-protobuf"),
        pytest.param(b"", id="connect-to-nobody-by-absence"),
        pytest.param(encode((1, 1)), id="connect-to-nobody"),
        pytest.param(encode((1, 1), (2, encode((1, b"no peer id")))), id="connect-to-no-peer"),
        pytest.param(encode((1, 2)), id="status-without-code"),
    ],
)
def test_malformed_messages(scene: Scene, message: bytes) -> None:
    relay = scene.relay()
    answer = scene.foe.hop(relay, frame(message)).answer()
    if message == b"":  # every field is at its default: to Go, too, that is a RESERVE
        assert answer.code == Code.OK
        return
    assert answer.code == Code.MALFORMED_MESSAGE
    assert relay.count("malformed_messages") == 1


def test_a_message_over_the_limit(scene: Scene) -> None:
    relay = scene.relay()
    padded = encode((1, 0), (15, bytes(MESSAGE_BYTES_MAX)))
    stream = scene.foe.hop(relay, frame(padded)[: MESSAGE_BYTES_MAX])
    assert stream.answer().code == Code.MALFORMED_MESSAGE
    assert stream.ended() == "finished"
    assert scene.foe.hop(relay, b"\xff" * 10).answer().code == Code.MALFORMED_MESSAGE
    assert relay.count("malformed_messages") == 2


def test_a_message_as_large_as_may_be(scene: Scene) -> None:
    relay = scene.relay()
    room = MESSAGE_BYTES_MAX - len(encode((1, 0), (15, bytes(4000)))) + 4000
    message = encode((1, 0), (15, bytes(room)))
    assert len(message) == MESSAGE_BYTES_MAX
    assert scene.foe.hop(relay, frame(message)).answer().code == Code.OK


def test_unexpected_messages(scene: Scene) -> None:
    relay = scene.relay()
    assert scene.foe.hop(relay, status(Code.OK)).answer().code == Code.UNEXPECTED_MESSAGE
    assert scene.foe.hop(relay, frame(encode((1, 7)))).answer().code == Code.UNEXPECTED_MESSAGE
    assert relay.count("unexpected_messages") == 2


def test_what_follows_a_request_is_dropped(scene: Scene) -> None:
    relay = scene.relay()
    stream = scene.foe.hop(relay, reserve() + reserve() + bytes(10_000))
    assert stream.answer().code == Code.OK
    assert stream.ended() == "finished"
    counts = relay.metrics()
    assert counts["reservations_granted"] + counts["reservations_refreshed"] == 1


def test_a_request_that_is_cut_off(scene: Scene) -> None:
    relay = scene.relay()
    stream = scene.foe.hop(relay, reserve()[:1])
    stream.finish()
    assert stream.ended() is not None
    assert eventually(lambda: relay.count("malformed_messages") == 1)


def test_nothing_is_relayed_over_relayed_connections(scene: Scene) -> None:
    """Neither reservations nor circuits: a chain of relays would hide who takes what."""
    relay = scene.relay()
    second = scene.crew.peer("--relay", address(relay, IP4), "--serve", "relay")
    assert eventually(lambda: relay.peer_id in second.reservations())
    scene.foe.dial(circuit(relay, second.peer_id))
    for message in (reserve(), connect(scene.accomplice.peer_id)):
        assert scene.foe.hop(second, message).answer().code == Code.PERMISSION_DENIED
    scene.foe.disconnect(second.peer_id)


# Floods


def codes(answers: list[Answer | None]) -> list[int]:
    return [answer.code for answer in answers if answer is not None]


def test_a_flood_of_reservations(scene: Scene) -> None:
    relay = scene.relay()
    began = time.monotonic()
    answers = codes(scene.foe.ask(relay, reserve(), 6 * RESERVATION_BURST))
    most = RESERVATION_BURST + (time.monotonic() - began) / RESERVATION_SECONDS + 1
    assert set(answers) == {Code.OK, Code.RESOURCE_LIMIT_EXCEEDED}
    assert RESERVATION_BURST <= answers.count(Code.OK) <= most
    counts = relay.metrics()
    assert counts["reservations"] == 1
    assert counts["refused_rate"] == answers.count(Code.RESOURCE_LIMIT_EXCEEDED)


def test_a_flood_of_circuits_to_nobody(scene: Scene) -> None:
    relay = scene.relay()
    answers = codes(scene.foe.ask(relay, connect(SOMEBODY_ELSE), 4 * CIRCUIT_BURST))
    assert set(answers) == {Code.NO_RESERVATION, Code.RESOURCE_LIMIT_EXCEEDED}
    counts = relay.metrics()
    assert counts["connects_over_rate"] == answers.count(Code.RESOURCE_LIMIT_EXCEEDED)
    assert answers.count(Code.NO_RESERVATION) >= CIRCUIT_BURST


def test_streams_without_a_request(scene: Scene) -> None:
    """At most sixteen wait for theirs on a connection; more are reset."""
    relay = scene.relay()
    silent = [scene.foe.hop(relay, b"\x02") for _ in range(16)]
    assert scene.foe.ask(relay, reserve(), 1) == [None]
    assert relay.count("requests_over_limit") == 1
    for stream in silent:
        stream.reset()
    assert eventually(lambda: scene.foe.hop(relay, reserve()).answer().code == Code.OK)


def test_reservations_beyond_the_relays_limit(scene: Scene) -> None:
    relay = scene.relay("--max-reservations", "1")
    scene.reserve()
    assert scene.foe.hop(relay, reserve()).answer().code == Code.RESERVATION_REFUSED
    scene.reserve()  # who has one may renew it
    assert relay.count("refused_full") == 1
    scene.accomplice.disconnect(relay.peer_id)
    assert eventually(lambda: relay.count("reservations") == 0)
    scene._relay = scene.crew.relay()  # this one has no room for those who check


def test_circuits_beyond_the_limit_of_a_peer(scene: Scene) -> None:
    relay = scene.relay("--max-circuits-per-peer", "2")
    scene.reserve()
    first, _ = scene.join()
    scene.join()
    assert scene.foe.hop(relay, connect(scene.accomplice.peer_id)).answer().code == Code.RESOURCE_LIMIT_EXCEEDED
    assert relay.count("connects_over_limit") == 1
    first.reset()
    assert eventually(lambda: relay.count("circuits") == 1)
    scene.join()


def test_circuits_beyond_the_relays_limit(scene: Scene) -> None:
    relay = scene.relay("--max-circuits", "1")
    scene.reserve()
    near, _ = scene.join()
    assert scene.foe.hop(relay, connect(scene.accomplice.peer_id)).answer().code == Code.RESOURCE_LIMIT_EXCEEDED
    near.reset()
    assert eventually(lambda: relay.count("circuits") == 0)


# Targets


def test_a_target_that_refuses(scene: Scene) -> None:
    relay = scene.relay()
    scene.reserve()
    for answer in (stop_status(Code.PERMISSION_DENIED), stop_connect(SOMEBODY_ELSE), b"\xff" * 10):
        near = scene.foe.hop(relay, connect(scene.accomplice.peer_id))
        far = scene.accomplice.met(STOP)
        far.frame()
        far.write(answer)
        assert near.answer().code == Code.CONNECTION_FAILED
    near = scene.foe.hop(relay, connect(scene.accomplice.peer_id))
    scene.accomplice.met(STOP).reset()
    assert near.answer().code == Code.CONNECTION_FAILED
    assert relay.count("connects_failed") == 4
    assert relay.count("circuits") == 0


def test_a_target_that_leaves_ends_the_circuit(scene: Scene) -> None:
    relay = scene.relay()
    scene.reserve()
    near, _ = scene.join()
    scene.accomplice.disconnect(relay.peer_id)
    assert near.ended() == "reset"
    assert eventually(lambda: relay.count("circuits_broken") == 1)
    assert scene.foe.hop(relay, connect(scene.accomplice.peer_id)).answer().code == Code.NO_RESERVATION


# Circuits


def test_a_half_that_ends_leaves_the_other(scene: Scene) -> None:
    relay = scene.relay()
    scene.reserve()
    near, far = scene.join()
    near.write(frame(b"the last"))
    near.finish()
    assert far.frame() == b"the last"
    assert far.ended() == "finished"
    far.write(frame(b"still here"))
    assert near.frame() == b"still here"
    far.finish()
    assert near.ended() == "finished"
    assert eventually(lambda: relay.count("circuits_finished") == 1)
    assert relay.count("circuits") == 0


def test_who_never_reads_stops_only_who_writes_to_him(scene: Scene) -> None:
    relay = scene.relay()
    scene.reserve()
    near, _ = scene.join()
    near.pour(64 * MIB)
    other_near, other_far = scene.join()
    taken = -1
    while taken != (taken := near.poured()[0]):
        time.sleep(0.5)
        payload = os.urandom(10_000)
        other_near.write(frame(payload))
        assert other_far.frame() == payload, "another circuit does not suffer"
    assert 0 < taken < 2 * WINDOW_BYTES_MAX, "a window at the relay, one at the reader, and the sockets"
    assert near.poured()[1] is None, "it waits; it is not cut"
    assert relay.count("held_bytes") <= WINDOW_BYTES_MAX
    near.reset()
    assert eventually(lambda: relay.count("held_bytes") == 0)


@pytest.mark.parametrize("direction", ["forth", "back"])
def test_a_circuit_beyond_its_bytes_is_reset_at_both_ends(scene: Scene, direction: str) -> None:
    relay = scene.relay("--circuit-bytes", "100000")
    scene.reserve()
    near, far = scene.join()
    writer, reader = (near, far) if direction == "forth" else (far, near)
    writer.write(bytes(100_000))
    writer.write(b"x")
    assert reader.ended() == "reset"
    assert writer.ended() == "reset"
    counts = relay.metrics()
    assert counts["circuits_over_bytes"] == 1
    assert counts["circuits"] == 0
    assert counts["bytes_relayed"] <= 100_000


def test_a_circuit_beyond_its_time_is_reset_at_both_ends(scene: Scene) -> None:
    relay = scene.relay("--circuit-seconds", "2")
    scene.reserve()
    began = time.monotonic()
    near, far = scene.join()
    assert near.ended(10) == "reset"
    assert far.ended() == "reset"
    assert 1.5 < time.monotonic() - began < 4
    assert relay.count("circuits_over_time") == 1


def test_limits_are_told(scene: Scene) -> None:
    relay = scene.relay(
        *("--circuit-seconds", "77", "--circuit-bytes", "1234567", "--reservation-seconds", "600"),
        *("--announce", "/ip4/45.10.0.1/tcp/4001"),
    )
    answer = scene.foe.hop(relay, reserve()).answer()
    assert (answer.seconds, answer.data) == (77, 1_234_567)
    assert abs(answer.expires - time.time() - 600) < 5
    assert answer.addrs == [f"/ip4/45.10.0.1/tcp/4001/p2p/{relay.peer_id}"]
    assert answer.voucher


# Others do not suffer


def test_a_circuit_is_quick_beside_a_flood(scene: Scene) -> None:
    relay = scene.relay()
    node, other = (scene.crew.node("--relay", address(relay, IP4)) for _ in range(2))
    for one in (node, other):
        one.event("reservation", state="accepted")
    node.call("peers.connect", addr=circuit(relay, other.peer_id))
    flood = threading.Thread(target=flood_with_requests, args=(scene.foe, relay))
    flood.start()
    while flood.is_alive():
        (took,) = node.call("peers.ping", peerId=other.peer_id, count=1)["rttMs"]
        assert took < 2000
        time.sleep(0.05)
    assert node.events("connection.closed", peerId=other.peer_id) == []


def flood_with_requests(foe: CircuitPeer, relay: MeshRelay) -> None:
    for message in (reserve(), connect(SOMEBODY_ELSE), frame(b"\xff\xff"), reserve()):
        try:
            foe.ask(relay, message, 200, at_once=50)
        except PeerError:
            return
