"""A peer that is not the one that was asked for is refused, by whoever dials."""

import re

import pytest

from conftest import PAIRS, Pair, Start, rows
from peers.peer import PeerError, address

SOMEBODY_ELSE = "12D3KooWDcPnu1qaKvXFSRyURfLVBwjjPnpj2FouCaDrgKNyhWKu"


def with_peer(addr: str, peer: str) -> str:
    return re.sub(r"/p2p/.*", f"/p2p/{peer}", addr)


@rows(PAIRS)
def test_a_wrong_peer_id_is_refused(run: Start, pair: Pair) -> None:
    dialer, listener = run(pair.dialer), run(pair.listener)
    with pytest.raises(PeerError):
        dialer.connect(with_peer(address(listener, pair.family), SOMEBODY_ELSE))
    assert dialer.peers() == set()
    assert dialer.peer_id not in listener.peers()


@rows(PAIRS)
def test_the_right_peer_id_is_accepted_after_a_wrong_one(run: Start, pair: Pair) -> None:
    dialer, listener = run(pair.dialer), run(pair.listener)
    with pytest.raises(PeerError):
        dialer.connect(with_peer(address(listener, pair.family), SOMEBODY_ELSE))
    dialer.connect(address(listener, pair.family))
    assert dialer.peers() == {listener.peer_id}
