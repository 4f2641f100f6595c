"""Go and Python peers that gossip, behind one interface; `MeshNode` has the same words."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from libp2p.peer.id import ID

from .go import GoPeer
from .line_peer import LinePeer
from .p2pd import Control, RequestType, decode, encode, receive_message
from .peer import PeerError, Reachable, eventually
from .rpc import CHAT_TOPIC, Published, read_message

GREETING = "hello"
GREETING_SECONDS = 0.5
GET_PEERS, PUBLISH, SUBSCRIBE = 1, 2, 3
SETTLE_SECONDS = 0.5
"""How long is waited for what should not come."""


class Utterance(Protocol):
    @property
    def author(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def data(self) -> bytes: ...


class Gossiper(Reachable, Protocol):
    """Somebody on the chat topic."""

    def say(self, text: str) -> object: ...

    def hears(self, peer: str) -> bool:
        """Whether it knows that peer as a subscriber of the chat topic."""
        ...

    def heard(self) -> Sequence[Utterance]:
        """Every message of others so far, in the order in which they came."""
        ...


class ForeignGossiper(Gossiper, Protocol):
    def connect(self, addr: str) -> None: ...

    def peers(self) -> set[str]: ...

    def heard(self) -> list[Published]: ...

    def written(self) -> list[Published]:
        """Its own messages, as it sent them."""
        ...


class GoGossiper(GoPeer):
    """p2pd with its pubsub, which signs and demands signatures, subscribed to the chat topic; or without."""

    def __init__(self, p2pd: Path, home: Path, flags: Sequence[str] = (), pubsub: bool = True) -> None:
        super().__init__(p2pd, home, (*(["-pubsub"] if pubsub else []), *flags))
        self._messages: list[Published] = []
        if not pubsub:
            return
        try:
            self._subscription = Control(self.control)
            self._subscription.request(RequestType.PUBSUB, (8, encode((1, SUBSCRIBE), (2, CHAT_TOPIC))))
        except PeerError:
            self.stop()
            raise
        self._subscription.socket.settimeout(None)
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        try:
            while True:
                self._messages.append(read_message(receive_message(self._subscription.socket)))
        except (OSError, PeerError):
            pass  # the daemon has ended

    def say(self, text: str) -> None:
        self._ask(PUBLISH, text)

    def hears(self, peer: str) -> bool:
        return any(id == peer for id in self._ask(GET_PEERS))

    def heard(self) -> list[Published]:
        return [message for message in list(self._messages) if message.author != self.peer_id]

    def written(self) -> list[Published]:
        return [message for message in list(self._messages) if message.author == self.peer_id]

    def _ask(self, kind: int, text: str | None = None) -> list[str]:
        data = [] if text is None else [(3, text)]
        with Control(self.control) as control:
            wanted = encode((1, kind), (2, CHAT_TOPIC), *data)
            answer = decode(control.request(RequestType.PUBSUB, (8, wanted)).body(7))
        return [str(ID(peer)) for peer in answer.all(2)]


class PyGossiper(LinePeer):
    """py-libp2p with its GossipSub of the versions up to one, subscribed to the chat topic."""

    def say(self, text: str) -> None:
        self._command("publish", text=text)

    def hears(self, peer: str) -> bool:
        return peer in self._command("subscribers")["peers"]

    def mesh(self) -> set[str]:
        return set(self._command("mesh")["peers"])

    def heard(self) -> list[Published]:
        return [message for message in self._messages() if message.author != self.peer_id]

    def written(self) -> list[Published]:
        return [message for message in self._messages() if message.author == self.peer_id]

    def _messages(self) -> list[Published]:
        return [
            read_message(bytes.fromhex(event["message"]))
            for event in self.lines.so_far()
            if event.get("event") == "message"
        ]


def acquainted(*gossipers: Gossiper, seconds: float = 10) -> bool:
    """Whether every neighbour in that line comes to know the other as a subscriber."""
    pairs = list(zip(gossipers, gossipers[1:], strict=False))
    return all(
        eventually(
            lambda one=one, other=other: one.hears(other.peer_id) and other.hears(one.peer_id), seconds
        )
        for one, other in pairs
    )


def greeted(one: Gossiper, other: Gossiper, seconds: float = 10) -> bool:
    """Whether a greeting comes to reach either from the other, perhaps through others.

    Go sends to its mesh alone, so what it says before that stands is lost: a row that counts begins here.
    """

    def greet(speaker: Gossiper, listener: Gossiper) -> bool:
        speaker.say(GREETING)
        return eventually(
            lambda: any(message.author == speaker.peer_id for message in listener.heard()), GREETING_SECONDS
        )

    return eventually(lambda: greet(one, other), seconds) and eventually(lambda: greet(other, one), seconds)


def texts_heard(
    listener: Gossiper, count: int, seconds: float = 10, settle: float = SETTLE_SECONDS, author: str = ""
) -> list[tuple[str, str]]:
    """Authors and texts of all chat that has come once `count` have, and nothing more for a while; greetings
    left out."""

    def chat() -> list[tuple[str, str]]:
        return [
            (message.author, message.text)
            for message in listener.heard()
            if is_chat(message) and author in ("", message.author)
        ]

    eventually(lambda: len(chat()) >= count, seconds)
    eventually(lambda: len(chat()) > count, settle)
    return chat()


def is_chat(message: Utterance) -> bool:
    """Neither an announcement nor a greeting."""
    return not message.data.startswith((b"ANNOUNCE:", GREETING.encode()))
