"""A stream of random numbers that is the same everywhere and for ever.

`random.Random` promises the same `random()` for a seed in later versions of
Python, but not the same `shuffle`, `randrange` or `sample`; its Mersenne
Twister can also be predicted from its output. A reading schedule must be
verifiable years later and not guessable from the part of it that a reader
has seen. So numbers come from SHA-256 in counter mode, which a dozen lines in
any language repeat: block i of a stream is

    SHA-256( SHA-256(seed) || SHA-256(label) || i as 8 bytes, big endian )

read as eight 32-bit big-endian words, each used once.
"""

import hashlib
import struct
from collections.abc import MutableSequence
from typing import Any

_WORD = 1 << 32
_unpack = struct.Struct(">8I").unpack


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


class Stream:
    """Random integers for one purpose, independent of every other label's."""

    def __init__(self, seed: str, label: str) -> None:
        self._key = _digest(seed) + _digest(label)
        self._block = 0
        self._words: list[int] = []

    def word(self) -> int:
        """The next integer, uniform in 0 … 2³²−1."""
        if not self._words:
            block = self._key + self._block.to_bytes(8, "big")
            self._words = list(_unpack(hashlib.sha256(block).digest()))
            self._words.reverse()
            self._block += 1
        return self._words.pop()

    def below(self, bound: int) -> int:
        """An integer uniform in 0 … bound−1, by rejection, hence without bias."""
        if not 1 <= bound <= _WORD:
            raise ValueError(f"bound must be in 1 … 2^32, not {bound}")
        limit = _WORD - _WORD % bound
        while (number := self.word()) >= limit:
            pass
        return number % bound

    def shuffle(self, items: MutableSequence[Any]) -> None:
        """Fisher–Yates in place: from the last item down to the second."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]

    def permutation(self, length: int) -> list[int]:
        """The integers 0 … length−1 in random order."""
        numbers = list(range(length))
        self.shuffle(numbers)
        return numbers
