"""The executable `meshrelay`, driven like `meshnode`; what it counts is read where Prometheus reads it."""

import socket
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from .meshnode import MeshNode

METRICS_SECONDS = 5


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MeshRelay(MeshNode):
    make = "meshrelay"

    def __init__(self, binary: Path, home: Path, flags: Sequence[str] = ()) -> None:
        self.metrics_place = f"127.0.0.1:{free_port()}"
        self.always = ("--metrics", self.metrics_place)
        super().__init__(binary, home, flags)

    def metrics(self) -> dict[str, int]:
        """What it measures and counts, without the prefix and suffix of every name."""
        with urllib.request.urlopen(f"http://{self.metrics_place}/metrics", timeout=METRICS_SECONDS) as page:
            lines = page.read().decode().splitlines()
        pairs = (line.split() for line in lines if not line.startswith("#"))
        return {
            name.removeprefix("meshrelay_").removesuffix("_total"): int(value) for name, value in pairs
        }

    def count(self, name: str) -> int:
        return self.metrics()[name]
