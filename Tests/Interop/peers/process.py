"""Child processes that talk in lines and never outlive the suite."""

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .peer import PeerError

Message = dict[str, Any]


class Child:
    """A process in a group of its own; its diagnostics go to a file, its standard output comes as lines."""

    def __init__(
        self, argv: Sequence[str], log: Path, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> None:
        self.argv, self.log = list(argv), log
        # setpriv asks the kernel to end the child should the suite itself be killed.
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with log.open("ab") as stderr:
            self.process = subprocess.Popen(
                guard + self.argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        self.lines: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def write_line(self, line: str) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except OSError as error:
            raise PeerError(self.obituary()) from error

    def read_line(self, seconds: float) -> bytes:
        try:
            line = self.lines.get(timeout=max(seconds, 0))
        except queue.Empty:
            raise PeerError(f"{self.argv[0]} said nothing in time; its log: {self.tail()}") from None
        if line is None:
            self.lines.put(None)
            raise PeerError(self.obituary())
        return line

    def line_at_hand(self) -> bytes | None:
        """A line that has come already, if there is one."""
        try:
            line = self.lines.get_nowait()
        except queue.Empty:
            return None
        if line is None:
            self.lines.put(None)
        return line

    def resident_bytes(self) -> int:
        """What the process keeps in memory (RSS)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))

    def kill(self) -> None:
        """The end without any notice: `kill -9`."""
        self.process.kill()
        self.process.wait(5)

    def wait(self, seconds: float) -> int:
        """The exit status of a process that is expected to end by itself."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise PeerError(f"{self.argv[0]} did not end in {seconds} s") from None

    def stop(self, grace: float = 3) -> None:
        for sig, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 5)):
            if self.process.poll() is not None:
                break
            os.killpg(self.process.pid, sig)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def obituary(self) -> str:
        try:
            status: int | str = self.process.wait(2)
        except subprocess.TimeoutExpired:
            status = "closed its output"
        return f"{self.argv[0]} ended ({status}); its log: {self.tail()}"


class JsonLines:
    """Requests and answers, matched by `id`; everything else that comes is an event and is kept, in order."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.events: list[Message] = []
        self._last_id = 0

    def request(self, message: Message, seconds: float) -> Message:
        self._last_id += 1
        self.child.write_line(json.dumps({**message, "id": self._last_id}))
        deadline = time.monotonic() + seconds
        while True:
            answer = self._next(deadline)
            if answer.get("id") == self._last_id:
                return answer
            self.events.append(answer)

    def so_far(self) -> list[Message]:
        """Every event that has come and was not taken out, in order."""
        while (line := self.child.line_at_hand()) is not None:
            self.events.append(self._read(line))
        return self.events

    def event(self, wanted: Callable[[Message], bool], seconds: float) -> Message:
        """The first event that is the wanted one, already here or still to come; it is taken out."""
        deadline = time.monotonic() + seconds
        for index, event in enumerate(self.events):
            if wanted(event):
                return self.events.pop(index)
        while True:
            event = self._next(deadline)
            if wanted(event):
                return event
            self.events.append(event)

    def _next(self, deadline: float) -> Message:
        return self._read(self.child.read_line(deadline - time.monotonic()))

    def _read(self, line: bytes) -> Message:
        try:
            message = json.loads(line)
        except ValueError:
            raise PeerError(f"{self.child.argv[0]} printed a line that is not JSON: {line[:200]!r}") from None
        if not isinstance(message, dict):
            raise PeerError(f"{self.child.argv[0]} printed a line that is not an object: {line[:200]!r}")
        return message
