"""A go-libp2p daemon that is a relay, for the benchmarks.

Run with the interop suite's Python: `go_relay.py P2PD`. The one line of output says where it is and which process
it is; it ends with its input. Its circuits carry 4 GiB, so that none is cut in the middle of a measurement.
"""

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Interop"))

from conftest import Crew  # noqa: E402
from peers.peer import IP4, address  # noqa: E402
from peers.relays import large_go_relay  # noqa: E402


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Crew(Path(folder)) as crew:
        relay = large_go_relay(crew)
        print(json.dumps({"address": address(relay, IP4), "pid": relay.child.process.pid}), flush=True)
        sys.stdin.read()


main()
