"""Two peers on one connection, every protocol in turn, each peer as dialer and as listener."""

from conftest import GO, MESH, PAIRS, PY, Link, rows
from peers import payload
from peers.peer import IP6, LOOPBACK, Identified, Peer, Transferred, address

MEGABYTES_100 = 100_000_000
STREAMS = 200
STREAM_BYTES = 16_384
SEED = 20_260_101

AGENTS = {MESH: "meshwork", GO: "p2pd/", PY: "py-libp2p/"}
COMMON_PROTOCOLS = {"/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", payload.ECHO, payload.TRANSFER}

pytestmark = rows(PAIRS, "link")


def check_identified(seen: Identified, subject: Peer, link: Link) -> None:
    assert seen.agent.startswith(AGENTS[subject.make])
    assert set(seen.protocols) >= COMMON_PROTOCOLS
    assert address(subject, link.family).partition("/p2p/")[0] in seen.listen_addrs
    if (subject.make, link.family) == (PY, IP6):
        assert seen.observed_addr == ""  # py-libp2p 0.8.1 leaves it out over IPv6
    else:
        assert seen.observed_addr.startswith(f"/{link.family}/{LOOPBACK[link.family]}/tcp/")
    assert seen.signed_record, "no signed peer record, or one that does not verify"


def test_identify_listener(link: Link) -> None:
    check_identified(link.dialer.identify(link.listener.peer_id), link.listener, link)


def test_identify_dialer(link: Link) -> None:
    check_identified(link.listener.identify(link.dialer.peer_id), link.dialer, link)


def test_ping_both_ways(link: Link) -> None:
    assert len(link.dialer.ping(link.listener.peer_id, 5)) == 5
    assert len(link.listener.ping(link.dialer.peer_id, 5)) == 5


def check_transfer(client: Peer, server: Peer, up: int, down: int) -> None:
    done = client.transfer(server.peer_id, up, down, SEED)
    uploaded = payload.digest(SEED, up)
    assert done == Transferred(
        sent=uploaded, remote_received=uploaded, received=payload.digest(SEED + 1, down)
    )


def test_transfer_100_mb_up(link: Link) -> None:
    check_transfer(link.dialer, link.listener, up=MEGABYTES_100, down=0)


def test_transfer_100_mb_down(link: Link) -> None:
    check_transfer(link.dialer, link.listener, up=0, down=MEGABYTES_100)


def test_200_streams_at_once(link: Link) -> None:
    assert link.dialer.echo(link.listener.peer_id, STREAMS, STREAM_BYTES) == STREAMS


def test_200_streams_at_once_opened_by_the_listener(link: Link) -> None:
    assert link.listener.echo(link.dialer.peer_id, STREAMS, STREAM_BYTES) == STREAMS
