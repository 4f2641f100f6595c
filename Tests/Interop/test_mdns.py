"""Local discovery on a wire between two network namespaces: among ourselves, and with py-libp2p."""

import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from conftest import BUILT, HERE, program
from peers.namespaces import Lan, Namespace
from peers.peer import PeerError
from peers.process import Child, JsonLines, Message

SECONDS = 5
ANYWHERE = ["/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4001"]


class Discoverer:
    """A process that discovers, and what it says."""

    def __init__(self, argv: list[str], log: Path, cwd: Path | None = None) -> None:
        self.child = Child(argv, log, cwd)
        self.lines = JsonLines(self.child)
        self.peer_id: str = self.event("ready", seconds=30)["peerId"]

    def event(self, kind: str, peer: "Discoverer | None" = None, seconds: float = SECONDS) -> Message:
        def is_wanted(event: Message) -> bool:
            return event.get("event") == kind and (peer is None or event.get("peer") == peer.peer_id)

        return self.lines.event(is_wanted, seconds)

    def says_nothing(self, kind: str, seconds: float) -> None:
        with pytest.raises(PeerError, match="said nothing in time"):
            self.event(kind, seconds=seconds)

    def leave(self) -> None:
        """Says goodbye and ends."""
        assert self.child.process.stdin is not None
        self.child.process.stdin.close()
        self.child.wait(10)

    def kill(self) -> None:
        self.child.process.kill()


Start = Callable[..., Discoverer]


@pytest.fixture
def lan() -> Iterator[Lan]:
    try:
        lan = Lan()
    except PeerError as error:
        pytest.fail(str(error), pytrace=False)
    yield lan
    lan.stop()


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[Start]:
    """Starts our discovery in a namespace."""
    with ExitStack() as stack:

        def start(where: Namespace, *addrs: str) -> Discoverer:
            binary = program(BUILT / "mdns-peer", "run swift build")
            log = tmp_path / f"mdns-peer{len(list(tmp_path.iterdir()))}.log"
            peer = Discoverer([*where.entering, str(binary), *(addrs or ANYWHERE)], log)
            stack.callback(peer.child.stop)
            return peer

        yield start


@pytest.fixture
def python(tmp_path: Path) -> Iterator[Start]:
    """Starts py-libp2p with its discovery in a namespace."""
    with ExitStack() as stack:

        def start(where: Namespace, *addrs: str) -> Discoverer:
            log = tmp_path / f"py{len(list(tmp_path.iterdir()))}.log"
            peer = Discoverer([*where.entering, sys.executable, "-m", "peers.py_mdns", *addrs], log, cwd=HERE)
            stack.callback(peer.child.stop)
            return peer

        yield start


def assert_finds(finder: Discoverer, found: Discoverer, *addrs: str) -> Message:
    event = finder.event("discovered", found)
    assert sorted(event["addrs"]) == sorted(addrs)
    return event


# Among ourselves.


@pytest.mark.parametrize(
    ("networks", "addrs"),
    [
        (("ip4",), ["/ip4/10.0.0.1/tcp/4001"]),
        (("ip6",), ["/ip6/fd00::1/tcp/4001"]),
        (("ip4", "ip6"), ["/ip4/10.0.0.1/tcp/4001", "/ip6/fd00::1/tcp/4001"]),
    ],
    ids=["ip4", "ip6", "both"],
)
def test_two_find_each_other_within_a_second(
    lan: Lan, mesh: Start, networks: tuple[str, ...], addrs: list[str]
) -> None:
    lan.plug(*networks)
    left, right = mesh(lan.left), mesh(lan.right)
    assert_finds(right, left, *addrs)
    assert left.event("discovered", right)["ms"] < 1500  # it was there first
    newcomer = mesh(lan.right)
    assert assert_finds(newcomer, left, *addrs)["ms"] < 1000


def test_link_local_addresses_are_enough(lan: Lan, mesh: Start) -> None:
    lan.plug("link-local")
    left, right = mesh(lan.left), mesh(lan.right)
    for finder, found in ((left, right), (right, left)):
        [addr] = finder.event("discovered", found)["addrs"]
        assert addr.startswith("/ip6zone/eth0/ip6/fe80::") and addr.endswith("/tcp/4001")


def test_a_goodbye_is_heard(lan: Lan, mesh: Start) -> None:
    lan.plug("ip4")
    left, right = mesh(lan.left), mesh(lan.right)
    left.event("discovered", right)
    right.leave()
    left.event("expired", right, seconds=2)


def test_interfaces_come_and_go(lan: Lan, mesh: Start) -> None:
    left, right = mesh(lan.left), mesh(lan.right)
    assert left.event("interfaces")["names"] == ["lo"]
    left.says_nothing("discovered", 0.5)
    for _ in range(2):
        lan.plug("ip4")
        assert_finds(left, right, "/ip4/10.0.0.2/tcp/4001")
        assert_finds(right, left, "/ip4/10.0.0.1/tcp/4001")
        lan.unplug()
        left.event("expired", right)
        right.event("expired", left)


def test_an_address_that_is_added_is_announced(lan: Lan, mesh: Start) -> None:
    lan.plug("ip4")
    left, right = mesh(lan.left), mesh(lan.right)
    right.event("discovered", left)
    lan.left.run("ip address add 10.0.0.9/24 dev eth0")
    assert_finds(right, left, "/ip4/10.0.0.1/tcp/4001", "/ip4/10.0.0.9/tcp/4001")


def test_every_interface_is_used(lan: Lan, mesh: Start) -> None:
    lan.plug("ip4")
    third = Namespace(inside=lan.left)
    try:
        lan.left.run(
            f"ip link add eth1 type veth peer name eth0 netns {third.holder.pid}",
            "ip address add 192.168.5.1/24 dev eth1",
            "ip link set eth1 up",
        )
        third.run("ip address add 192.168.5.3/24 dev eth0", "ip link set eth0 up")
        left, right, other = mesh(lan.left), mesh(lan.right), mesh(third)
        assert_finds(left, right, "/ip4/10.0.0.2/tcp/4001")
        assert_finds(left, other, "/ip4/192.168.5.3/tcp/4001")
        assert_finds(right, left, "/ip4/10.0.0.1/tcp/4001")
        assert_finds(other, left, "/ip4/192.168.5.1/tcp/4001")
        other.says_nothing("discovered", 0.5)
    finally:
        third.stop()


def test_two_on_one_machine(lan: Lan, mesh: Start) -> None:
    lan.plug("ip4")
    one, other = mesh(lan.left, "/ip4/0.0.0.0/tcp/1"), mesh(lan.left, "/ip4/0.0.0.0/tcp/2")
    assert_finds(one, other, "/ip4/10.0.0.1/tcp/2")
    assert_finds(other, one, "/ip4/10.0.0.1/tcp/1")


def test_two_on_one_machine_without_a_network(lan: Lan, mesh: Start) -> None:
    one, other = mesh(lan.left, "/ip4/0.0.0.0/tcp/1"), mesh(lan.left, "/ip4/0.0.0.0/tcp/2")
    assert_finds(one, other, "/ip4/127.0.0.1/tcp/2")
    assert_finds(other, one, "/ip4/127.0.0.1/tcp/1")


HOLD = """
import socket, sys
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(("", 5353))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_taken_port_is_a_warning_and_the_other_family_works(lan: Lan, mesh: Start) -> None:
    lan.plug("ip4", "ip6")
    holder = lan.left.start([sys.executable, "-c", HOLD])
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        left, right = mesh(lan.left), mesh(lan.right)
        warning = left.event("warning")
        assert "eth0 over IPv4" in warning["text"] and "address in use" in warning["detail"]
        left.event("discovered", right)
        right.event("discovered", left)
        left.says_nothing("warning", 0.5)
    finally:
        assert holder.stdin is not None
        holder.stdin.close()
        holder.wait(5)


# The hostile.

NAME = b"\x04_p2p\x04_udp\x05local\x00"


def lie(peer: str, addr: str = "/ip4/10.0.0.2/tcp/1", count: int = 1) -> bytes:
    """An announcement of `addr` for `peer`, said `count` times in one packet."""
    owner = b"\x04evil" + NAME
    text = f"dnsaddr={addr}/p2p/{peer}".encode()
    data = struct.pack("!B", len(text)) + text
    first = owner + struct.pack("!HHIH", 16, 1, 120, len(data)) + data
    more = b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 120, 1) + b"\x00"
    return struct.pack("!HHHHHH", 0, 0x8400, 0, count, 0, 0) + first + more * (count - 1)


SEND = """
import socket, struct, sys
source, target, times = sys.argv[1], sys.argv[2], int(sys.argv[4])
s = socket.socket(type=socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((source, 5353))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
for _ in range(times):
    s.sendto(bytes.fromhex(sys.argv[3]), (target, 5353))
"""


def send(where: Namespace, packet: bytes, source: str, target: str = "224.0.0.251", times: int = 1) -> None:
    process = where.start([sys.executable, "-c", SEND, source, target, packet.hex(), str(times)])
    assert process.wait(10) == 0


def test_the_hostile_and_the_far_are_not_believed(lan: Lan, mesh: Start) -> None:
    lan.plug("ip4")
    lan.right.run("ip address add 192.168.99.1/24 dev eth0")
    left = mesh(lan.left)
    victim = "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
    send(lan.right, lie(victim), source="192.168.99.1")  # of another network
    send(lan.right, lie(victim), source="10.0.0.2", target="10.0.0.1")  # not to the group
    send(lan.right, lie(victim, "/ip4/127.0.0.1/tcp/1"), source="10.0.0.2")
    send(lan.right, lie(left.peer_id), source="10.0.0.2")
    send(lan.right, lie(victim, "/ip4/127.0.0.1/tcp/1", count=4000), source="10.0.0.2")
    send(lan.right, lie(victim, "/ip4/127.0.0.1/tcp/1"), source="10.0.0.2", times=5000)
    left.says_nothing("discovered", 0.5)
    time.sleep(2)  # the flood is paid for
    right = mesh(lan.right)
    left.event("discovered", right)
    right.event("discovered", left)


# With py-libp2p.


def test_python_finds_us_and_is_found(lan: Lan, mesh: Start, python: Start) -> None:
    lan.plug("ip4")
    left, right = mesh(lan.left), python(lan.right, "/ip4/10.0.0.2/tcp/4002")
    assert_finds(left, right, "/ip4/10.0.0.2/tcp/4002")
    assert_finds(right, left, "/ip4/10.0.0.1/tcp/4001")
    newcomer = mesh(lan.left, "/ip4/0.0.0.0/tcp/4003")
    assert assert_finds(newcomer, right, "/ip4/10.0.0.2/tcp/4002")["ms"] < 1500
    assert_finds(right, newcomer, "/ip4/10.0.0.1/tcp/4003")


def test_python_hears_our_goodbye_and_we_hear_pythons(lan: Lan, mesh: Start, python: Start) -> None:
    lan.plug("ip4")
    left, staying, right = mesh(lan.left), mesh(lan.left), python(lan.right, "/ip4/10.0.0.2/tcp/4002")
    right.event("discovered", left)
    staying.event("discovered", right)
    left.leave()
    right.event("expired", left)
    right.leave()
    staying.event("expired", right)


def test_python_listening_everywhere_is_found_where_it_is(lan: Lan, mesh: Start, python: Start) -> None:
    lan.plug("ip4")
    left, right = mesh(lan.left), python(lan.right, "/ip4/0.0.0.0/tcp/4002")
    assert "/ip4/10.0.0.2/tcp/4002" in left.event("discovered", right)["addrs"]
