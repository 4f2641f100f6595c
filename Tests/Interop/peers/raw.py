"""Drives `py_raw.py`: a gossip peer that says whatever a row wants said."""

from collections.abc import Sequence
from typing import Any

from .line_peer import LinePeer
from .peer import IP4, Reachable, address
from .rpc import CHAT_TOPIC, Author, Published, Said, graft, publish, subscribe

SEND_SECONDS = 60


class RawPeer(LinePeer):
    """`author` writes as this very peer; other authors can be made up."""

    author: Author
    node: Reachable

    def become_new(self) -> None:
        """Forgets who it was and all that it heard, and is a peer that nobody knows."""
        self.author = Author()
        become = self._command("become", seed=self.author.seed.hex())
        self.peer_id, self.addrs = become["peerId"], become["addrs"]
        self.lines.so_far().clear()

    def meet(self, node: Reachable) -> str:
        """Connects and opens the gossip stream; returns what was agreed for it."""
        self.node = node
        self.connect(address(node, IP4))
        return self.reopen()

    def reopen(self) -> str:
        return self._command("open", peer=self.node.peer_id)["protocol"]

    def join(self) -> None:
        """Becomes a subscriber of the chat topic and asks to be in the mesh."""
        self.send(subscribe(CHAT_TOPIC), graft(CHAT_TOPIC))

    def send(self, *parts: bytes, per_second: float = 0) -> float:
        """Writes the parts; tells how long it took. Fails if the node no longer takes them."""
        sent = self._command(
            "send",
            SEND_SECONDS,
            peer=self.node.peer_id,
            parts=[part.hex() for part in parts],
            perSecond=per_second,
        )
        return sent["seconds"]

    def carry(self, *messages: bytes) -> None:
        """Passes messages on, each in an RPC of its own."""
        self.send(*(publish(message) for message in messages))

    def say(self, text: str) -> None:
        self.carry(self.author.message(text))

    def told(self) -> Said:
        """All that the node has said so far."""
        said = Said()
        for event in self._events("rpc"):
            said.add(bytes.fromhex(event["rpc"]))
        return said

    def heard(self) -> Sequence[Published]:
        return [message for message in self.told().published if message.topic == CHAT_TOPIC]

    def _events(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.lines.so_far() if event.get("event") == kind]
