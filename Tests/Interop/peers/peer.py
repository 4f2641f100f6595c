"""What the rows of the suite know of a peer, whatever its make."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

IP4, IP6 = "ip4", "ip6"
LOOPBACK = {IP4: "127.0.0.1", IP6: "::1"}
LISTEN = [f"/{family}/{host}/tcp/0" for family, host in LOOPBACK.items()]


class PeerError(Exception):
    """A peer said no, or said nothing; the message is the peer's own."""


@dataclass(frozen=True)
class Identified:
    """What one peer learned of another by identify."""

    agent: str
    protocols: list[str]
    listen_addrs: list[str]
    observed_addr: str
    signed_record: bool
    """Whether a signed peer record came along and the one who learned it verified signature and signer."""


@dataclass(frozen=True)
class Transferred:
    """The SHA-256 sums of a transfer, in hex, as each end computed them from the bytes it really handled."""

    sent: str
    remote_received: str
    received: str


class Reachable(Protocol):
    make: str
    peer_id: str
    addrs: list[str]
    log: Path
    """Where the peer's own diagnostics go."""


class Peer(Reachable, Protocol):
    def connect(self, addr: str) -> None: ...

    def peers(self) -> set[str]: ...

    def ping(self, peer: str, count: int) -> list[float]: ...

    def identify(self, peer: str) -> Identified: ...

    def echo(self, peer: str, streams: int, size: int) -> int: ...

    def transfer(self, peer: str, up: int, down: int, seed: int) -> Transferred: ...

    def stop(self) -> None: ...


def address(peer: Reachable, family: str) -> str:
    """The peer's full address, PeerID included, of that family."""
    for addr in peer.addrs:
        if addr.startswith(f"/{family}/{LOOPBACK[family]}/tcp/"):
            return addr
    raise PeerError(f"{peer.make} does not listen on {family}: {peer.addrs}")


def eventually(holds: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether it comes to hold within that time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
