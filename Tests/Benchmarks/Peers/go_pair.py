"""Two go-libp2p daemons that send each other bytes, for the benchmarks.

Run with the interop suite's Python: `go_pair.py P2PD`. The first line of output says how large an idle daemon is;
then every line of input, `UPLOAD DOWNLOAD` in bytes, is answered with how long it took and what it cost the daemons.

The daemons' streams end in this process, which does as little as it can: one block sent over and over, what comes
thrown away. It still shares the machine with them, so Go's figures are a floor.
"""

import json
import os
import socket
import struct
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Interop"))

from peers.go import GoPeer  # noqa: E402
from peers.p2pd import receive_exactly  # noqa: E402
from peers.peer import IP4, PeerError, address  # noqa: E402

PROTOCOL = "/meshwork/bench/1"
BLOCK = memoryview(bytes(1 << 18))
TICKS = os.sysconf("SC_CLK_TCK")
SETTLE_SECONDS = 2


def send(stream: socket.socket, count: int) -> None:
    while count > 0:
        count -= stream.send(BLOCK[: min(count, len(BLOCK))])


def receive(stream: socket.socket, count: int) -> None:
    buffer = memoryview(bytearray(len(BLOCK)))
    while count > 0:
        got = stream.recv_into(buffer, min(count, len(buffer)))
        if got == 0:
            raise PeerError(f"the stream ended {count} bytes short")
        count -= got


def serve(stream: socket.socket) -> None:
    """The counted protocol, `/gopeer/bench/1`, over and over."""
    while True:
        up, down = struct.unpack(">QQ", receive_exactly(stream, 16))
        receive(stream, up)
        stream.sendall(b"\x06")
        send(stream, down)


def measure(stream: socket.socket, up: int, down: int) -> float:
    start = time.perf_counter()
    stream.sendall(struct.pack(">QQ", up, down))
    send(stream, up)
    receive_exactly(stream, 1)
    receive(stream, down)
    return time.perf_counter() - start


def cpu_seconds(peer: GoPeer) -> float:
    fields = Path(f"/proc/{peer.child.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(peer: GoPeer) -> int:
    for line in Path(f"/proc/{peer.child.process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise PeerError("smaps_rollup has no Rss")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        peers = []
        try:
            for name in ("client", "server"):
                home = Path(folder) / name
                home.mkdir()
                peers.append(GoPeer(Path(sys.argv[1]), home))
            client, server = peers
            server.serve(PROTOCOL, serve)
            time.sleep(SETTLE_SECONDS)
            print(json.dumps({"idleResidentBytes": resident_bytes(server)}), flush=True)
            client.connect(address(server, IP4))
            for line in sys.stdin:
                up, down = map(int, line.split())
                before = sum(map(cpu_seconds, peers))
                with closing(client.open(server.peer_id, PROTOCOL)) as stream:
                    seconds = measure(stream, up, down)
                spent = sum(map(cpu_seconds, peers)) - before
                print(json.dumps({"seconds": seconds, "cpuSeconds": spent}), flush=True)
        finally:
            for peer in peers:
                peer.stop()


main()
