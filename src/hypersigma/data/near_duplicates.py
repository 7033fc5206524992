"""Near-duplicates: a fingerprint of what a patch shows, and the patches whose fingerprint was seen before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.patch_group import PATCH

_NUM_PARTS, _CELLS = 3, 8
_WORDS = _NUM_PARTS * _CELLS * _CELLS // 32
MOST_BITS = _WORDS - 1  # of 192; two codes that differ in no more share a whole word
_SAME_LEVEL = 0.02


def fingerprint(stored: NDArray[np.generic], absent: NDArray[np.bool_] | None) -> str:
    """What a patch (bands, 64, 64) shows, as hexadecimal digits: 192 bits and three levels.

    A perceptual hash (as Zauner 2010 calls it) for each third of the bands: cells of 8 x 8 pixels, a bit for each that
    is brighter than the median cell; and the mean of each third, so that scenes of the same outlines in other
    brightness stay apart.
    """
    cell = PATCH // _CELLS
    clean = stored if absent is None else np.where(absent, 0, stored)
    bits, levels = [], []
    for part in np.array_split(clean, _NUM_PARTS):
        # summing over bands first leaves little for the rest
        total = part.sum(axis=0, dtype=np.float32) / max(len(part), 1)
        cells = total.reshape(_CELLS, cell, _CELLS, cell).mean(axis=(1, 3))
        bits.append(cells > np.median(cells))
        levels.append(cells.mean())
    return np.packbits(np.stack(bits)).tobytes().hex() + np.array(levels, dtype="<f4").tobytes().hex()


class Seen:
    """Fingerprints that were seen, for a search that does not look at all of them.

    Codes of 192 bits that differ in at most 5 share at least one of their six 32-bit words, so only fingerprints
    that share a word are compared.
    """

    def __init__(self) -> None:
        self._codes: list[int] = []
        self._levels: list[NDArray[np.float32]] = []
        self._by_word: dict[tuple[int, int], list[int]] = defaultdict(list)

    def add(self, text: str) -> int | None:
        """The number of the first fingerprint that is nearly the same; None (and it is kept) where there is none."""
        raw = bytes.fromhex(text)
        packed, tail = raw[: 4 * _WORDS], raw[4 * _WORDS :]
        code, level = int.from_bytes(packed, "big"), np.frombuffer(tail, dtype="<f4")
        words = list(enumerate(np.frombuffer(packed, dtype=">u4").tolist()))
        for number in self._candidates(words):
            near = (code ^ self._codes[number]).bit_count() <= MOST_BITS
            if near and np.allclose(level, self._levels[number], rtol=_SAME_LEVEL, atol=0.0):
                return number
        self._codes.append(code)
        self._levels.append(level)
        for word in words:
            self._by_word[word].append(len(self._codes) - 1)
        return None

    def _candidates(self, words: Iterable[tuple[int, int]]) -> list[int]:
        return sorted({number for word in words for number in self._by_word.get(word, ())})
