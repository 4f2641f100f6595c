"""A wire tap: a TCP proxy between two peers that keeps the beginning of what each side said."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

from .peer import LOOPBACK

KEPT_BYTES = 1 << 18


@dataclass
class Recording:
    """The first bytes of one connection, in each direction."""

    dialer: bytearray = field(default_factory=bytearray)
    listener: bytearray = field(default_factory=bytearray)


class Tap:
    """Listens on loopback in front of `addr`; `self.addr` is the address to dial instead."""

    def __init__(self, addr: str) -> None:
        _, self.family, host, _, port, *rest = addr.split("/")
        self._target = (host, int(port))
        self._sockets: list[socket.socket] = []
        self.recordings: list[Recording] = []
        self._listener = socket.create_server((LOOPBACK[self.family], 0), family=self._address_family)
        self.addr = "/".join(["", self.family, host, "tcp", str(self._listener.getsockname()[1]), *rest])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Tap":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sock in (self._listener, *self._sockets):
            hang_up(sock)

    @property
    def _address_family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if self.family == "ip6" else socket.AF_INET

    def _accept(self) -> None:
        while True:
            try:
                dialer, _ = self._listener.accept()
                listener = socket.create_connection(self._target, timeout=5)
            except OSError:
                return
            listener.settimeout(None)
            self._sockets += [dialer, listener]
            recording = Recording()
            self.recordings.append(recording)
            for source, sink, kept in (
                (dialer, listener, recording.dialer),
                (listener, dialer, recording.listener),
            ):
                threading.Thread(target=pump, args=(source, sink, kept), daemon=True).start()


def pump(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
    """Copies until either side ends, keeping the beginning; then ends both."""
    try:
        while data := source.recv(1 << 16):
            if len(kept) < KEPT_BYTES:
                kept += data
            sink.sendall(data)
    except OSError:
        pass
    hang_up(source)
    hang_up(sink)


def hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
