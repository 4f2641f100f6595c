"""Ten meshnodes and ten go-libp2p daemons, each ten in a sparse graph on loopback, that tell each other messages.

Run with the interop suite's Python: `ten_gossip.py P2PD MESHNODE`. Every line of input, `go COUNT` or `meshnode COUNT`,
is answered with the delivery times of COUNT messages of 1 KiB, 20 a second, said by each in turn: from before the
request is written to a node's control socket until its text has been read from another's. One thread reads all sockets
as they become readable and understands what came only afterwards, the same for both, so what this process costs falls
on both alike.
"""

import json
import os
import selectors
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Interop"))

from peers.go import GoPeer  # noqa: E402
from peers.meshnode import START_SECONDS, isolated, with_peer  # noqa: E402
from peers.p2pd import Control, RequestType, encode, encode_varint  # noqa: E402
from peers.peer import IP4, PeerError, address, eventually  # noqa: E402
from peers.process import Child  # noqa: E402

NODES = 10
STEPS = (1, 3)
"""Each dials the next, and the third next."""
MESSAGE_BYTES = 1024
PER_SECOND = 20
LAST_SECONDS = 3
"""How long after the last message one that has not come is lost."""
SETTLE_SECONDS = 5
PUBLISH, SUBSCRIBE = 2, 3
TOPIC = "p2p-chat-global"
TICKS = os.sysconf("SC_CLK_TCK")
Chunks = list[tuple[float, bytes]]


class Talker(Protocol):
    """A node, the socket it tells us on and the one we tell it on, which may be the same."""

    hearing: socket.socket
    speaking: socket.socket
    pid: int

    def request(self, text: str) -> bytes: ...
    def connect(self, addr: str) -> None: ...
    def stop(self) -> None: ...


class Daemon(GoPeer):
    def __init__(self, p2pd: Path, home: Path) -> None:
        super().__init__(p2pd, home, ("-pubsub",))
        self.pid = self.child.process.pid
        subscription = Control(self.control)
        subscription.request(RequestType.PUBSUB, (8, encode((1, SUBSCRIBE), (2, TOPIC))))
        self.hearing, self.speaking = subscription.socket, Control(self.control).socket

    def request(self, text: str) -> bytes:
        wanted = encode((1, PUBLISH), (2, TOPIC), (3, text))
        message = encode((1, int(RequestType.PUBSUB)), (8, wanted))
        return encode_varint(len(message)) + message


class Node:
    """`meshnode run` as people run it, driven through its control socket."""

    make = "meshnode"

    def __init__(self, binary: Path, home: Path) -> None:
        api = home / "api.sock"
        argv = [str(binary), "run", "--data", str(home / "data"), "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"]
        self.child = Child([*argv, "--api", f"unix:{api}"], home / "meshnode.log", env=isolated(home))
        self.pid = self.child.process.pid
        if not eventually(api.exists, START_SECONDS):
            raise PeerError(self.child.tail())
        # Every connection is told every event: a second one would only be told everything twice.
        self.hearing = self.speaking = socket.socket(socket.AF_UNIX)
        self.speaking.connect(str(api))
        if not eventually(lambda: bool(self._call("node.info")["listenAddrs"]), START_SECONDS):
            raise PeerError(self.child.tail())
        info = self._call("node.info")
        self.peer_id: str = info["peerId"]
        self.addrs = [with_peer(addr, self.peer_id) for addr in info["listenAddrs"]]
        self._call("events.subscribe")

    def _line(self, method: str, **params: object) -> bytes:
        line = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return json.dumps(line).encode() + b"\n"

    def _call(self, method: str, **params: object) -> dict[str, Any]:
        self.speaking.sendall(self._line(method, **params))
        unread = b""
        while True:
            line, end, unread = unread.partition(b"\n")
            if not end:
                unread = line + self.speaking.recv(1 << 16)
            elif "id" in (answer := json.loads(line)):
                return answer["result"]

    def connect(self, addr: str) -> None:
        self._call("peers.connect", addr=addr)

    def request(self, text: str) -> bytes:
        return self._line("chat.send", text=text)

    def stop(self) -> None:
        self.child.stop()


class Graph:
    def __init__(self, talkers: Sequence[Talker]) -> None:
        self.talkers = talkers
        self.round = 0
        for index, talker in enumerate(talkers):
            for step in STEPS:
                talker.connect(address(talkers[(index + step) % NODES], IP4))
        if not eventually(lambda: self._measure(NODES)["lost"] == 0, 60):
            raise PeerError("the ten do not hear each other")
        time.sleep(SETTLE_SECONDS)

    def measure(self, count: int) -> dict[str, object]:
        before = self._cpu_seconds()
        measured = self._measure(count)
        spent = self._cpu_seconds() - before
        return {**measured, "cpuMs": spent * 1000 / (count * (NODES - 1))}

    def _measure(self, count: int) -> dict[str, object]:
        self.round += 1
        texts = [f"round {self.round} message {number:06} ".ljust(MESSAGE_BYTES, "x") for number in range(count)]
        said, chunks = self._talk(texts)
        delivered, times = 0, []
        for text, (at, speaker) in zip(texts, said, strict=True):
            for listener, heard in enumerate(chunks):
                if listener == speaker:
                    continue
                came = heard.find(text)
                if came:
                    delivered += len(came)
                    times.append((came[0] - at) * 1000)
        expected = count * (NODES - 1)
        return {"ms": times, "lost": expected - len(times), "twice": delivered - len(times)}

    def _talk(self, texts: Sequence[str]) -> tuple[list[tuple[float, int]], list["Heard"]]:
        heard = [Heard() for _ in self.talkers]
        said: list[tuple[float, int]] = []
        with selectors.DefaultSelector() as selector:
            for index, talker in enumerate(self.talkers):
                selector.register(talker.hearing, selectors.EVENT_READ, heard[index])
                if talker.speaking is not talker.hearing:
                    selector.register(talker.speaking, selectors.EVENT_READ, None)
            requests = [self.talkers[number % NODES].request(text) for number, text in enumerate(texts)]
            start = time.perf_counter()
            end = start + len(texts) / PER_SECOND + LAST_SECONDS
            while (now := time.perf_counter()) < end:
                due = start + len(said) / PER_SECOND
                if len(said) < len(texts) and now >= due:
                    speaker = len(said) % NODES
                    said.append((now, speaker))
                    self.talkers[speaker].speaking.sendall(requests[len(said) - 1])
                    continue
                wait = min(due if len(said) < len(texts) else end, end) - now
                for key, _ in selector.select(max(wait, 0)):
                    data = key.fileobj.recv(1 << 18)
                    if not data:
                        raise PeerError("a node closed its control socket")
                    if key.data is not None:
                        key.data.chunks.append((time.perf_counter(), data))
        return said, heard

    def _cpu_seconds(self) -> float:
        total = 0
        for talker in self.talkers:
            fields = Path(f"/proc/{talker.pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def stop(self) -> None:
        for talker in self.talkers:
            talker.stop()


class Heard:
    """What was read from one node, and when."""

    def __init__(self) -> None:
        self.chunks: Chunks = []
        self._joined: bytes | None = None
        self._ends: list[int] = []

    def find(self, text: str) -> list[float]:
        """When that text was there to its end, as often as it came."""
        if self._joined is None:
            self._joined = b"".join(data for _, data in self.chunks)
            for _, data in self.chunks:
                self._ends.append((self._ends[-1] if self._ends else 0) + len(data))
        needle, times, at = text.encode(), [], -1
        while (at := self._joined.find(needle, at + 1)) >= 0:
            last = at + len(needle)
            times.append(next(when for (when, _), end in zip(self.chunks, self._ends, strict=True) if end >= last))
        return times


def start(folder: str, name: str, make: type, binary: Path) -> Graph:
    talkers = []
    try:
        for index in range(NODES):
            home = Path(folder) / f"{name}{index}"
            home.mkdir()
            talkers.append(make(binary, home))
        return Graph(talkers)
    except BaseException:
        for talker in talkers:
            talker.stop()
        raise


def main() -> None:
    graphs: dict[str, Graph] = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name, make, binary in (("go", Daemon, sys.argv[1]), ("meshnode", Node, sys.argv[2])):
                graphs[name] = start(folder, name, make, Path(binary).resolve())
            print("ready", flush=True)
            for line in sys.stdin:
                name, count = line.split()
                print(json.dumps(graphs[name].measure(int(count))), flush=True)
        finally:
            for graph in graphs.values():
                graph.stop()


main()
