"""The executable itself: `meshnode run`, driven by JSON-RPC on its standard streams, and its commands."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .peer import LISTEN, PeerError
from .process import Child, JsonLines, Message

START_SECONDS = 10
CALL_SECONDS = 30
EVENT_SECONDS = 10


class RpcError(Exception):
    """The node answered with a JSON-RPC error."""


class MeshNode:
    make = "meshnode"

    def __init__(self, binary: Path, home: Path, flags: Sequence[str] = ()) -> None:
        self.log = home / "meshnode.log"
        listen = [part for addr in LISTEN for part in ("--listen", addr)]
        argv = [
            str(binary),
            "run",
            "--data",
            str(home / "data"),
            "--api",
            "stdio",
            "--no-mdns",
            *listen,
            *flags,
        ]
        self.child = Child(argv, self.log, env=isolated(home))
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

    def event(self, kind: str, seconds: float = EVENT_SECONDS, **fields: Any) -> Message:
        """The fields of the first event of that type that has those values."""

        def is_wanted(message: Message) -> bool:
            event = message.get("params", {})
            return event.get("type") == kind and fields.items() <= event.items()

        return self.lines.event(is_wanted, seconds)["params"]

    def stop(self) -> None:
        self.child.stop()


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
