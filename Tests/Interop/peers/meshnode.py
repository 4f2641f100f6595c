"""The executable itself: `meshnode run`, driven by JSON-RPC on its standard streams, and its commands."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .peer import LISTEN, PeerError
from .process import Child, JsonLines, Message

NOWHERE = "nowhere.toml"
START_SECONDS = 10
CALL_SECONDS = 30
EVENT_SECONDS = 10


class RpcError(Exception):
    """The node answered with a JSON-RPC error."""


@dataclass(frozen=True)
class Received:
    """A message as the node told of it."""

    author: str
    text: str
    id: str
    """In the room `global`, the sequence number that its author gave it, in hex."""

    @property
    def data(self) -> bytes:
        return self.text.encode()


class MeshNode:
    """A running node. Its files are in `home`, so that a later one there is the same node again."""

    make = "meshnode"
    always: Sequence[str] = ("--no-mdns",)

    def __init__(
        self,
        binary: Path,
        home: Path,
        flags: Sequence[str] = (),
        settings: Mapping[str, object] | None = None,
        hidden: bool = False,
    ) -> None:
        self.home, self.log, self.data = home, home / f"{self.make}.log", home / "data"
        if hidden:
            (home / NOWHERE).write_text("listen = []\n")
            listen = ["--config", str(home / NOWHERE)]
        else:
            listen = [part for addr in LISTEN for part in ("--listen", addr)]
        argv = [
            str(binary),
            "run",
            "--data",
            str(self.data),
            "--api",
            "stdio",
            *self.always,
            *([] if "--listen" in flags else listen),
            *flags,
        ]
        self.child = Child(argv, self.log, env=isolated(home) | variables(settings or {}))
        self.lines = JsonLines(self.child)
        try:
            ready = self.event("ready", START_SECONDS)
        except PeerError:
            self.child.stop()
            raise
        self.peer_id: str = ready["peerId"]
        self.addrs = [with_peer(addr, self.peer_id) for addr in ready["listenAddrs"]]

    def call(self, method: str, **params: Any) -> Any:
        answer = self.lines.request({"jsonrpc": "2.0", "method": method, "params": params}, CALL_SECONDS)
        if "error" in answer:
            raise RpcError(answer["error"]["message"])
        return answer["result"]

    def event(self, kind: str, /, seconds: float = EVENT_SECONDS, **fields: Any) -> Message:
        """The fields of the first event of that type that has those values."""

        def is_wanted(message: Message) -> bool:
            event = message.get("params", {})
            return event.get("type") == kind and fields.items() <= event.items()

        return self.lines.event(is_wanted, seconds)["params"]

    def events(self, kind: str, /, **fields: Any) -> list[Message]:
        """The fields of every event of that type and those values so far; they stay."""
        events = [message["params"] for message in self.lines.so_far() if message.get("method") == "event"]
        return [event for event in events if event["type"] == kind and fields.items() <= event.items()]

    def connect(self, addr: str) -> None:
        self.call("peers.connect", addr=addr)

    def say(self, text: str) -> Message:
        return self.call("chat.send", text=text)

    def heard(self) -> list[Received]:
        """Every message of the room `global` that was received so far."""
        return [
            Received(event["from"], event["text"], event["id"])
            for event in self.events("message.received", room="global")
        ]

    def hears(self, peer: str) -> bool:
        """Whether it is connected with that peer. The node shows no subscribers, and need not: what it says
        waits for the first."""
        return any(entry["peerId"] == peer and entry["path"] != "none" for entry in self.call("peers.list"))

    def stop(self) -> None:
        self.child.stop()


def variables(settings: Mapping[str, object]) -> dict[str, str]:
    """Settings by their keys in a configuration file, as the environment has them."""
    return {
        "MESHNODE_" + key.upper().replace("-", "_").replace(".", "_"): str(value)
        for key, value in settings.items()
    }


def with_peer(addr: str, peer_id: str) -> str:
    return addr if "/p2p/" in addr else f"{addr}/p2p/{peer_id}"


def isolated(home: Path) -> dict[str, str]:
    """An environment in which nothing of the user's is read or written."""
    folders = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")
    return {name: str(home) for name in folders}


def run_command(
    binary: Path, home: Path, *arguments: str, seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """One `meshnode …` command, to its end."""
    return subprocess.run(
        [str(binary), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        env=isolated(home),
        check=False,
    )
