"""Relays of go-libp2p, with the limits that a row wants."""

from typing import TYPE_CHECKING

from .go import GoPeer
from .hop import HOP, Answer, Code, read_hop, reserve
from .p2pd import receive_message
from .peer import IP4, PeerError, Reachable, address

if TYPE_CHECKING:
    from conftest import Crew

STARTS_MAX = 100
DEFAULT_SECONDS, DEFAULT_BYTES = 120, 128 * 1024
"""What go-libp2p gives a circuit unless told otherwise."""


def default_go_relay(crew: "Crew") -> GoPeer:
    """A Go relay whose circuits end after two minutes, or 128 KiB either way."""
    return crew.go("-relay=1", "-relayService=0", pubsub=False)


def large_go_relay(crew: "Crew") -> GoPeer:
    """A Go relay whose circuits carry 4 GiB.

    p2pd registers two relay services, one of them with the default limits, and which of them gets the
    protocol is a race at its start: it is asked, and started again.
    """
    prober = crew.go(pubsub=False)
    for _ in range(STARTS_MAX):
        relay = crew.go("-relay=1", "-relayService=1", "-forceReachabilityPublic", pubsub=False)
        if ask_to_reserve(prober, relay).data > DEFAULT_BYTES:
            prober.stop()
            return relay
        relay.child.kill()
    raise PeerError(f"no p2pd of {STARTS_MAX} became a relay of its configured limits")


def ask_to_reserve(go: GoPeer, relay: Reachable, family: str = IP4) -> Answer:
    """A reservation for Go, by hand."""
    go.connect(address(relay, family))
    stream = go.open(relay.peer_id, HOP)
    stream.sendall(reserve())
    answer = read_hop(receive_message(stream))
    stream.close()
    if answer.code != Code.OK:
        raise PeerError(f"{relay.make} gives Go no reservation: {answer}")
    return answer
