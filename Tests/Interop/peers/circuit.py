"""Drives `py_circuit.py`, and finds circuits: peers that reserve, relays, and streams by hand."""

from dataclasses import dataclass
from typing import Any

from .gossip import PyGossiper
from .hop import HOP, Answer, read_hop
from .peer import IP4, PeerError, Reachable, address

STREAM_SECONDS = 30


def circuit(relay: Reachable, peer: str, family: str = IP4) -> str:
    """Where that peer is, behind a relay."""
    return f"{address(relay, family)}/p2p-circuit/p2p/{peer}"


@dataclass(frozen=True)
class Stream:
    """One stream of a peer's, by hand."""

    peer: "CircuitPeer"
    number: int
    remote: str

    def write(self, data: bytes) -> None:
        self.peer.command("write", stream=self.number, hex=data.hex())

    def frame(self) -> bytes:
        return bytes.fromhex(self.peer.command("frame", stream=self.number)["frame"])

    def answer(self) -> Answer:
        """A relay's, on a hop stream."""
        return read_hop(self.frame())

    def ended(self, seconds: float = 5) -> str | None:
        """How the other side ended it; what it says until then is dropped."""
        return self.peer.command("ended", stream=self.number, seconds=seconds)["how"]

    def finish(self) -> None:
        self.peer.command("finish", stream=self.number)

    def reset(self) -> None:
        self.peer.command("reset", stream=self.number)

    def splice(self, port: int) -> None:
        self.peer.command("splice", stream=self.number, port=port)

    def pour(self, count: int) -> None:
        self.peer.command("pour", stream=self.number, bytes=count)

    def poured(self) -> tuple[int, str | None]:
        """How many bytes were taken so far, and the error that ended it."""
        progress = self.peer.command("poured", stream=self.number)
        return progress["taken"], progress["error"]


class CircuitPeer(PyGossiper):
    """py-libp2p as a relay's client, or with `--relay` as a relay; and whatever a row wants said."""

    def reserve(self, relay: Reachable, family: str = IP4) -> bool:
        return self.command("reserve", addr=address(relay, family))["reserved"]

    def dial(self, addr: str) -> None:
        self.command("dial", addr=addr)

    def disconnect(self, peer: str) -> None:
        self.command("disconnect", peer=peer)

    def serve(self, protocol: str) -> None:
        self.command("serve", protocol=protocol)

    def met(self, protocol: str, seconds: float = 10) -> Stream:
        """The next stream of that protocol that somebody opened."""
        event = self.lines.event(
            lambda event: event.get("event") == "stream" and event.get("protocol") == protocol, seconds
        )
        return Stream(self, event["stream"], event["peer"])

    def open(self, peer: str, protocol: str = HOP) -> Stream:
        return Stream(self, self.command("open", peer=peer, protocol=protocol)["stream"], peer)

    def hop(self, relay: Reachable, *parts: bytes) -> Stream:
        """A hop stream on which all of that has been said."""
        stream = self.open(relay.peer_id)
        for part in parts:
            stream.write(part)
        return stream

    def ask(self, relay: Reachable, message: bytes, count: int, at_once: int = 8) -> list[Answer | None]:
        """The answers to that many streams; None where there was none."""
        answers = self.command(
            "ask", peer=relay.peer_id, protocol=HOP, hex=message.hex(), count=count, at_once=at_once
        )
        return [None if answer is None else read_hop(bytes.fromhex(answer)) for answer in answers["answers"]]

    def command(self, name: str, **arguments: Any) -> dict[str, Any]:
        answer = self.lines.request({"cmd": name, **arguments}, STREAM_SECONDS)
        if not answer.get("ok"):
            raise PeerError(f"{self.make}: {name}: {answer.get('error', answer)}")
        return answer
