"""The coarse index in memory: the sign bits of vectors, one contiguous row per 64-bit word, scanned with XOR and popcount."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BLOCK = 4_096  # vectors scanned at a time: their words stay in the processor's cache
_COMPACT = 0.25  # share of removed vectors that is carried along


def sign_bits(vectors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """One row of bits a vector, filled up to whole 64-bit words."""
    import numpy as np

    bits = np.packbits(vectors > 0, axis=1)
    return np.pad(bits, ((0, 0), (0, -bits.shape[1] % 8)))


class Signs:
    """The signs of the vectors of one embedder and collection. Safe to use from several threads."""

    def __init__(self, dimensions: int) -> None:
        import numpy as np

        self.last_seq = 0  # of the vectors that were added
        self.last_gone = 0  # of the removals that were followed
        self.lock = threading.Lock()
        self._count = 0
        self._removed = 0
        self._words: NDArray[np.uint64] = np.empty((-(-dimensions // 64), 0), np.uint64)
        self._seqs: NDArray[np.int64] = np.empty(0, np.int64)
        self._groups: NDArray[np.int64] = np.empty(0, np.int64)
        self._is_here: NDArray[np.bool_] = np.empty(0, np.bool_)

    def __len__(self) -> int:
        return self._count - self._removed

    def add(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        """Add ``(seq, group, signs)``, in ascending order of seq and above all that are here. The lock must be held."""
        import numpy as np

        if not rows:
            return
        start, end = self._count, self._count + len(rows)
        if end > len(self._seqs):
            self._resize(max(end, start + start // 2, 1_024))
        self._words[:, start:end] = np.frombuffer(b"".join(row[2] for row in rows), np.uint64).reshape(len(rows), -1).T
        self._seqs[start:end] = [row[0] for row in rows]
        self._groups[start:end] = [row[1] for row in rows]
        self._is_here[start:end] = True
        self._count = end
        self.last_seq = rows[-1][0]

    def discard(self, seqs: Sequence[int]) -> None:
        """Remove these; others than those here are passed over. The lock must be held."""
        import numpy as np

        if not len(seqs) or not self._count:
            return
        gone = np.asarray(seqs, np.int64)
        at = np.minimum(np.searchsorted(self._seqs[: self._count], gone), self._count - 1)
        at = at[self._seqs[at] == gone]
        self._removed += int(self._is_here[np.unique(at)].sum())
        self._is_here[at] = False
        if self._removed > _COMPACT * self._count:
            keep = np.flatnonzero(self._is_here[: self._count])
            self._words, self._seqs, self._groups = np.ascontiguousarray(self._words[:, keep]), self._seqs[keep], self._groups[keep]
            self._is_here = np.ones(len(keep), np.bool_)
            self._count, self._removed = len(keep), 0

    def nearest(self, vector: NDArray[np.float32], limit: int, groups: Sequence[int] | None = None) -> NDArray[np.int64]:
        """The seqs of the ``limit`` vectors whose signs differ least from those of ``vector``, in ascending order."""
        import numpy as np

        with self.lock:  # what is added later lies behind count; growing and compacting make new arrays
            count, words, seqs, here = self._count, self._words, self._seqs, self._is_here
            allowed = here[:count] if self._removed else None
            if groups is not None:
                member = np.isin(self._groups[:count], np.asarray(groups, np.int64))
                allowed = member if allowed is None else member & allowed
        if allowed is not None:
            chosen = np.flatnonzero(allowed)
            if len(chosen) <= limit:
                return seqs[chosen]
            if len(chosen) < count // 4:
                words, seqs, count, allowed = words[:, chosen], seqs[chosen], len(chosen), None
        if count <= limit:
            return seqs[:count].copy()
        distances = _distances(words, count, sign_bits(vector.reshape(1, -1)).view(np.uint64)[0])
        if allowed is not None:
            distances[~allowed] = np.iinfo(np.uint16).max
        # Those nearer than the last one taken, and as many as fit of those just as far.
        edge = np.partition(distances, limit - 1)[limit - 1]
        nearer = np.flatnonzero(distances < edge)
        level = np.flatnonzero(distances == edge)[: limit - len(nearer)]
        return np.sort(seqs[np.concatenate([nearer, level])])

    def _resize(self, capacity: int) -> None:
        import numpy as np

        def grown(old: NDArray[Any]) -> NDArray[Any]:
            new = np.empty((*old.shape[:-1], capacity), old.dtype)
            new[..., : self._count] = old[..., : self._count]
            return new

        self._words, self._seqs, self._groups, self._is_here = grown(self._words), grown(self._seqs), grown(self._groups), grown(self._is_here)


def _distances(words: NDArray[np.uint64], count: int, query: NDArray[np.uint64]) -> NDArray[np.uint16]:
    import numpy as np

    distances = np.empty(count, np.uint16)
    for start in range(0, count, _BLOCK):
        end = min(count, start + _BLOCK)
        np.bitwise_count(words[:, start:end] ^ query[:, None]).sum(axis=0, dtype=np.uint16, out=distances[start:end])
    return distances
