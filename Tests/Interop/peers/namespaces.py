"""Network namespaces of a test's own: nothing in them is seen from outside, and they end with the test."""

import subprocess
from collections.abc import Sequence

from .peer import PeerError


class Namespace:
    """A network namespace, kept by a process that waits for the end of its input."""

    def __init__(self, inside: "Namespace | None" = None) -> None:
        # The first one comes with a user namespace, in which we may do as we like; further ones share that.
        unshare = ["unshare", "--net"] if inside else ["unshare", "--map-root-user", "--net"]
        prefix = inside.entering_user if inside else []
        self.holder = subprocess.Popen(
            [*prefix, *unshare, "sh", "-c", "echo ready; exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.holder.stdout is not None and self.holder.stderr is not None
        if self.holder.stdout.readline() != "ready\n":
            raise PeerError(f"this machine permits no network namespaces: {self.holder.stderr.read()}")
        self.run("ip link set lo up")

    @property
    def entering_user(self) -> list[str]:
        return ["nsenter", "--preserve-credentials", "--user", "--target", str(self.holder.pid)]

    @property
    def entering(self) -> list[str]:
        return [*self.entering_user, "--net"]

    def run(self, *commands: str) -> None:
        for command in commands:
            done = subprocess.run(
                [*self.entering, *command.split()], stdin=subprocess.DEVNULL, capture_output=True, text=True
            )
            if done.returncode != 0:
                raise PeerError(f"{command}: {done.stderr}")

    def start(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        """A process in it, to whom the caller puts an end."""
        command = [*self.entering, *argv]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self) -> None:
        assert self.holder.stdin is not None
        self.holder.stdin.close()
        self.holder.wait(5)


class Lan:
    """Two machines, `left` and `right`, that a wire may join. Both ends of it are called `eth0`."""

    def __init__(self) -> None:
        self.left = Namespace()
        self.right = Namespace(inside=self.left)

    def plug(self, *networks: str) -> None:
        """Joins them, in some of the networks `ip4` (10.0.0.1 and .2) and `ip6` (fd00::1 and ::2)."""
        self.left.run(f"ip link add eth0 type veth peer name eth0 netns {self.right.holder.pid}")
        for number, end in enumerate((self.left, self.right), start=1):
            if "ip4" in networks:
                end.run(f"ip address add 10.0.0.{number}/24 dev eth0")
            if "ip6" in networks:
                end.run(f"ip address add fd00::{number}/64 dev eth0 nodad")
            if "ip6" in networks or "link-local" in networks:
                # Usable at once, instead of after a second or two.
                end.run("sysctl -qw net.ipv6.conf.eth0.accept_dad=0")
            else:
                end.run("sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1")
            end.run("ip link set eth0 up")

    def unplug(self) -> None:
        self.left.run("ip link delete eth0")

    def stop(self) -> None:
        self.right.stop()
        self.left.stop()
