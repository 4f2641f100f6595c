"""The pseudo-random bytes of the transfer protocol.

A seed names an endless stream: the ChaCha20 key stream (RFC 8439, counter from 0, nonce zero) whose key is
the SHA-256 of the seed as eight big-endian bytes. Nothing in it repeats: lost, doubled or swapped bytes show.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

ECHO = "/meshwork/test/echo/1"
TRANSFER = "/meshwork/test/transfer/1"
BLOCK = 1 << 16


def blocks(seed: int, length: int) -> Iterator[bytes]:
    """The first `length` bytes of the stream of `seed`, in blocks."""
    key = hashlib.sha256(seed.to_bytes(8, "big")).digest()
    keystream = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor()
    zeros = memoryview(bytes(BLOCK))
    while length > 0:
        size = min(length, BLOCK)
        yield keystream.update(zeros[:size])
        length -= size


@lru_cache(maxsize=32)
def digest(seed: int, length: int) -> str:
    """The SHA-256, in hex, of the first `length` bytes of the stream of `seed`."""
    sha = hashlib.sha256()
    for block in blocks(seed, length):
        sha.update(block)
    return sha.hexdigest()
