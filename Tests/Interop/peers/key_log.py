"""The key log: one line per Noise handshake and one per pair of transport keys, in hex.

    NOISE_XX_HANDSHAKE E <message 2's static> <message 2's payload, message 3's static> <message 3's payload>
    NOISE_XX_TRANSPORT E <initiator to responder> <responder to initiator>

`E` is the initiator's ephemeral public key. Our node writes this file itself; here py-libp2p learns to.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

HANDSHAKE, TRANSPORT = "NOISE_XX_HANDSHAKE", "NOISE_XX_TRANSPORT"


@dataclass(frozen=True)
class Keys:
    handshake: tuple[bytes, bytes, bytes]
    transport: tuple[bytes, bytes]


def read_key_log(path: Path) -> dict[bytes, Keys]:
    """The keys of every channel the file knows completely, by the initiator's ephemeral key."""
    lines: dict[str, dict[bytes, tuple[bytes, ...]]] = {HANDSHAKE: {}, TRANSPORT: {}}
    for line in path.read_text().splitlines():
        label, ephemeral, *keys = line.split()
        lines[label][bytes.fromhex(ephemeral)] = tuple(bytes.fromhex(key) for key in keys)
    complete = lines[HANDSHAKE].keys() & lines[TRANSPORT].keys()
    return {e: _keys(lines[HANDSHAKE][e], lines[TRANSPORT][e]) for e in complete}


def _keys(handshake: tuple[bytes, ...], transport: tuple[bytes, ...]) -> Keys:
    if [len(key) for key in handshake + transport] != [32] * 5 or len(handshake) != 3:
        raise ValueError("a key log line has the wrong number or size of keys")
    return Keys((handshake[0], handshake[1], handshake[2]), (transport[0], transport[1]))


def log_noise_keys(path: str) -> None:
    """Makes the `noise` package, which py-libp2p uses, append its keys to the file."""
    from noise.state import SymmetricState

    mix_key, split = SymmetricState.mix_key, SymmetricState.split

    def mix_key_and_keep(self: Any, material: bytes) -> None:
        mix_key(self, material)
        self.mixed = [*getattr(self, "mixed", []), self.cipher_state.k]

    def split_and_log(self: Any) -> tuple[Any, Any]:
        state = self.noise_protocol.handshake_state
        ephemeral = (state.e if state.initiator else state.re).public_bytes
        ciphers = split(self)
        with open(path, "a") as file:
            for label, keys in ((HANDSHAKE, self.mixed), (TRANSPORT, [cipher.k for cipher in ciphers])):
                print(label, ephemeral.hex(), *(key.hex() for key in keys), file=file)
        return ciphers

    SymmetricState.mix_key, SymmetricState.split = mix_key_and_keep, split_and_log
