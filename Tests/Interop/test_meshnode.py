"""`meshnode run` with real peers, driven as a user's program would: JSON-RPC on its standard streams."""

import pytest

from conftest import GO, PY, Start, StartNode
from peers.meshnode import RpcError
from peers.peer import IP4, IP6, LOOPBACK, address, eventually
from test_refusal import SOMEBODY_ELSE, with_peer

AGENTS = {GO: "p2pd/", PY: "py-libp2p/"}

foreign = pytest.mark.parametrize("make", [GO, PY])
families = pytest.mark.parametrize("family", [IP4, IP6])


@foreign
@families
def test_meshnode_dials(run: Start, meshnode: StartNode, make: str, family: str) -> None:
    peer, node = run(make), meshnode()
    connected = node.call("peers.connect", addr=address(peer, family))
    assert (connected["peerId"], connected["path"]) == (peer.peer_id, "direct")
    assert node.event("connection.opened", peerId=peer.peer_id)["direction"] == "outbound"
    identified = node.event("identified", peerId=peer.peer_id)
    assert identified["agent"].startswith(AGENTS[make])
    assert "/ipfs/ping/1.0.0" in identified["protocols"]
    if (make, family) != (PY, IP6):  # py-libp2p 0.8.1 leaves it out over IPv6
        assert identified["observedAddr"].startswith(f"/{family}/{LOOPBACK[family]}/tcp/")
    assert len(node.call("peers.ping", peerId=peer.peer_id, count=3)["rttMs"]) == 3
    listed = {entry["peerId"]: entry for entry in node.call("peers.list")}
    assert listed[peer.peer_id]["path"] == "direct"


@foreign
@families
def test_meshnode_is_dialed(run: Start, meshnode: StartNode, make: str, family: str) -> None:
    peer, node = run(make), meshnode("--name", "interop")
    peer.connect(address(node, family))
    assert node.event("connection.opened", peerId=peer.peer_id)["direction"] == "inbound"
    assert node.event("identified", peerId=peer.peer_id)["agent"].startswith(AGENTS[make])
    seen, info = peer.identify(node.peer_id), node.call("node.info")
    assert seen.signed_record
    assert seen.agent == info["agent"]
    assert set(seen.protocols) == set(info["protocols"])
    assert len(peer.ping(node.peer_id, 3)) == 3


@foreign
def test_meshnode_disconnects(run: Start, meshnode: StartNode, make: str) -> None:
    peer, node = run(make), meshnode()
    node.call("peers.connect", addr=address(peer, IP4))
    assert eventually(lambda: node.peer_id in peer.peers())
    node.call("peers.disconnect", peerId=peer.peer_id)
    node.event("connection.closed", peerId=peer.peer_id)
    assert eventually(lambda: node.peer_id not in peer.peers())


@foreign
def test_meshnode_sees_its_peer_leave(run: Start, meshnode: StartNode, make: str) -> None:
    peer, node = run(make), meshnode()
    node.call("peers.connect", addr=address(peer, IP4))
    peer.stop()
    assert node.event("connection.closed", peerId=peer.peer_id)["reason"]


@foreign
def test_meshnode_refuses_a_wrong_peer_id_and_lives(run: Start, meshnode: StartNode, make: str) -> None:
    peer, node = run(make), meshnode()
    with pytest.raises(RpcError, match=peer.peer_id):  # a person learns who answered there
        node.call("peers.connect", addr=with_peer(address(peer, IP4), SOMEBODY_ELSE))
    node.call("peers.connect", addr=address(peer, IP4))


@foreign
def test_meshnode_shuts_down_cleanly(run: Start, meshnode: StartNode, make: str) -> None:
    peer, node = run(make), meshnode()
    node.call("peers.connect", addr=address(peer, IP4))
    node.call("node.shutdown")
    assert node.child.wait(10) == 0
    assert eventually(lambda: node.peer_id not in peer.peers())
