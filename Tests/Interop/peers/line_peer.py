"""A peer process driven by JSON lines: our `interop-peer` or `py_peer.py`. README.md has the commands."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .peer import Identified, PeerError, Transferred
from .process import Child, JsonLines

START_SECONDS = 30
COMMAND_SECONDS = 30
TRANSFER_SECONDS = 100


class LinePeer:
    def __init__(self, make: str, argv: Sequence[str], home: Path, cwd: Path | None = None) -> None:
        self.make = make
        self.log = home / f"{make}.log"
        self.key_log = home / f"{make}.keys"
        self.child = Child([*argv, "--keylog", str(self.key_log)], self.log, cwd)
        self.lines = JsonLines(self.child)
        try:
            ready = self.lines.event(lambda event: event.get("event") == "ready", START_SECONDS)
        except PeerError:
            self.child.stop()
            raise
        self.peer_id: str = ready["peerId"]
        self.addrs: list[str] = ready["addrs"]

    def connect(self, addr: str) -> None:
        self._command("connect", addr=addr)

    def peers(self) -> set[str]:
        return set(self._command("peers")["peers"])

    def reservations(self) -> set[str]:
        """The relays that it is reachable through."""
        return set(self._command("relays")["relays"])

    def ping(self, peer: str, count: int) -> list[float]:
        return self._command("ping", peer=peer, count=count)["rttMs"]

    def identify(self, peer: str) -> Identified:
        answer = self._command("identify", peer=peer)
        return Identified(
            agent=answer["agent"],
            protocols=answer["protocols"],
            listen_addrs=answer["listenAddrs"],
            observed_addr=answer["observedAddr"],
            signed_record=answer["signedRecord"],
        )

    def echo(self, peer: str, streams: int, size: int) -> int:
        return self._command("echo", TRANSFER_SECONDS, peer=peer, streams=streams, bytes=size)["echoed"]

    def transfer(self, peer: str, up: int, down: int, seed: int) -> Transferred:
        answer = self._command("transfer", TRANSFER_SECONDS, peer=peer, up=up, down=down, seed=seed)
        return Transferred(answer["sentSha256"], answer["remoteSha256"], answer["receivedSha256"])

    def stop(self) -> None:
        self.child.stop()

    def _command(self, name: str, seconds: float = COMMAND_SECONDS, **arguments: Any) -> dict[str, Any]:
        answer = self.lines.request({"cmd": name, **arguments}, seconds)
        if not answer.get("ok"):
            raise PeerError(f"{self.make}: {name}: {answer.get('error', answer)}")
        return answer
