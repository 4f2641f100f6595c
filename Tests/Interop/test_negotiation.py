"""What was negotiated, as the packets between the two show it."""

from pathlib import Path

from conftest import GO, PAIRS, PY, Pair, Start, rows
from peers.key_log import Keys, read_key_log
from peers.peer import Peer, address
from peers.tap import Tap
from peers.wire import EARLY, IN_BAND, NOISE, YAMUX, Negotiated, read_negotiation


def negotiate(run: Start, pair: Pair) -> tuple[Peer, Peer, Negotiated, list[dict[bytes, Keys]]]:
    """Connects the pair through a tap, says something over it, and reads what the tap heard."""
    dialer, listener = run(pair.dialer), run(pair.listener)
    with Tap(address(listener, pair.family)) as tap:
        dialer.connect(tap.addr)
        dialer.ping(listener.peer_id, 1)
        logs = [read_key_log(path) for path in key_logs(dialer, listener)]
        return dialer, listener, read_negotiation(tap.recordings[0], logs[0]), logs


def key_logs(*peers: Peer) -> list[Path]:
    return [path for peer in peers if (path := getattr(peer, "key_log", None))]


@rows(PAIRS)
def test_noise_and_yamux_on_the_wire(run: Start, pair: Pair) -> None:
    dialer, listener, seen, _ = negotiate(run, pair)
    assert (seen.security, seen.muxer) == (NOISE, YAMUX)
    assert (seen.dialer, seen.listener) == (dialer.peer_id, listener.peer_id)


@rows([pair for pair in PAIRS if pair.has(GO)])
def test_go_names_its_muxers_in_the_handshake(run: Start, pair: Pair) -> None:
    """A peer that names its own too agrees early, at no round trip; py-libp2p does not, and agrees later."""
    _, _, seen, _ = negotiate(run, pair)
    from_dialer, from_listener = seen.muxers_offered
    assert YAMUX in (from_dialer if pair.dialer == GO else from_listener)
    assert seen.muxer_agreed == (IN_BAND if pair.has(PY) else EARLY)


@rows([pair for pair in PAIRS if pair.has(PY) and not pair.has(GO)])
def test_key_logs_of_both_ends_agree(run: Start, pair: Pair) -> None:
    _, _, seen, (one, other) = negotiate(run, pair)
    assert one == other
    assert seen.muxer_agreed == IN_BAND
