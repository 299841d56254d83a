"""What each language has, a row a language in arrays that grow, for kernels over many languages.

A batch of the web has a dozen languages and the next one a few others. To stack the lists of each
batch anew took a tenth of the time that all signals of its texts did.
"""

from collections.abc import Callable, Container, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

FIRST_ROWS = 4
NO_ROW = -1
_ADDING = Lock()
"""Held while a stack grows or is handed out: files are judged in threads, which share the lists."""


class Stack:
    """Numbers and arrays of labels, each in the row it got when its label was first asked for.

    ``made``: returns the numbers and one-dimensional arrays of a label; ``types``: the type of
    each, and ``ranks`` whether it is a number (0) or an array (1). Rows are padded with zeros to
    the longest array. They are kept as long as the stack is. For several threads at once.
    """

    def __init__(
        self, made: Callable[[str], Sequence[Any]], types: Sequence[type], ranks: Sequence[int]
    ) -> None:
        self._made = made
        self._places: dict[str, int] = {}
        self._arrays: list[NDArray[Any]] = [
            np.zeros((FIRST_ROWS, *[1] * rank), dtype=of)
            for of, rank in zip(types, ranks, strict=True)
        ]

    def of(
        self, labels: Sequence[str], known: Container[str], otherwise: int = NO_ROW
    ) -> tuple[NDArray[Any], ...]:
        """Return the row of each label, shape (labels,), and the arrays, shape (rows, ...) each.

        A label that is not ``known`` has the row ``otherwise``.
        """
        with _ADDING:
            for label in sorted(set(labels) - self._places.keys()):
                if label in known:
                    self._add(label)
            arrays = tuple(self._arrays)
        rows = [self._places.get(label, otherwise) for label in labels]
        return np.array(rows, dtype=np.int64), *arrays

    def _add(self, label: str) -> None:
        row = len(self._places)
        for place, value in enumerate(map(np.asarray, self._made(label))):
            array = self._arrays[place]
            rows = 2 * row if row == len(array) else len(array)
            shape = (rows, *map(max, value.shape, array.shape[1:]))
            if shape != array.shape:
                larger = np.zeros(shape, dtype=array.dtype)
                larger[tuple(map(slice, array.shape))] = array
                self._arrays[place] = array = larger
            own: tuple[Any, ...] = (row, *map(slice, value.shape))
            array[own] = value
        self._places[label] = row
