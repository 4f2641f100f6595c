"""Drives `py_original.py`: a node of the original messenger, as its users had it."""

from dataclasses import dataclass

from .gossip import PyGossiper
from .peer import eventually
from .py_original import PRESENCE, REFRESH, WELCOME

ANNOUNCEMENTS = (PRESENCE, WELCOME, REFRESH)


@dataclass(frozen=True)
class Moment:
    text: str
    time_ms: float


class OriginalPeer(PyGossiper):
    def online(self) -> set[str]:
        """Whom its list shows now."""
        shown: set[str] = set()
        for event in self.lines.so_far():
            if event.get("event") == "peer+":
                shown.add(event["peer"])
            elif event.get("event") == "peer-":
                shown.discard(event["peer"])
        return shown

    def chat(self) -> list[tuple[str, str]]:
        """Whom it shows as having written what."""
        return [
            (event["from"], event["text"]) for event in self.lines.so_far() if event.get("event") == "chat"
        ]

    def said(self, text: str) -> list[Moment]:
        """When it said that text, by the machine's clock."""
        return [
            Moment(event["text"], event["timeMs"])
            for event in self.lines.so_far()
            if event.get("event") == "said" and event["text"] == text
        ]

    def heard_announcement(self, text: str, author: str) -> int:
        """How often it heard that announcement of that author."""
        return sum(message.author == author and message.data.decode() == text for message in self.heard())

    def says(self, text: str, seconds: float) -> bool:
        """Whether it says that text within the time, if it has not yet."""
        return eventually(lambda: bool(self.said(text)), seconds)
