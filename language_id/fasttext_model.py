"""A fastText model that reads many texts at once: the file and the kernels together."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import fasttext
import numpy as np
from numpy.typing import NDArray

from language_id import fasttext_file
from language_id.fasttext_kernel import Tables, best, hash_of

_END_OF_LINE = b"</s>"


Prediction = tuple[Sequence[str], Sequence[float]]


def model(path: Path) -> "FastTextModel | LibraryModel":
    """Read a model's file, by the kernels where they can.

    Raises ValueError for what is no fastText model.
    """
    try:
        return FastTextModel(path)
    except fasttext_file.UnsupportedError:
        return LibraryModel(path)


class FastTextModel:
    """Predicts as fastText's library does, many texts at a time."""

    def __init__(self, path: Path) -> None:
        """Read a model's file; raises ``fasttext_file.UnsupportedError``."""
        found = fasttext_file.read(path)
        self._labels = found.labels
        self._tables = _tables(found)

    def predict_all(self, texts: Sequence[str], k: int, threshold: float = 0.0) -> list[Prediction]:
        """Return the ``k`` best labels (-1: all) of each text, one line, and their scores."""
        contents = [text.encode("utf-8", "replace") for text in texts]
        offsets = np.array([0, *accumulate(map(len, contents))], np.int64)
        joined = np.frombuffer(b"".join(contents) or b"\0", np.uint8)
        wanted = len(self._labels) if k < 0 else min(k, len(self._labels))
        labels, scores = best(self._tables, joined, offsets, wanted, threshold)
        counts = (labels >= 0).sum(axis=1).tolist()
        return [
            (tuple(self._labels[n] for n in row[:count]), tuple(each[:count]))
            for row, each, count in zip(labels.tolist(), scores.tolist(), counts, strict=True)
        ]


class LibraryModel:
    """A model of a kind that only fastText's own library reads, a text at a time."""

    def __init__(self, path: Path) -> None:
        """Read a model's file; raises ValueError for what is none."""
        self._model = fasttext.load_model(str(path))

    def predict_all(self, texts: Sequence[str], k: int, threshold: float = 0.0) -> list[Prediction]:
        """Return the ``k`` best labels (-1: all) of each text, one line, and their scores."""
        return [self._model.predict(text, k=k, threshold=threshold) for text in texts]


def _tables(found: fasttext_file.ModelFile) -> Tables:
    letters = np.frombuffer(b"".join(found.words) or b"\0", np.uint8)
    bounds = np.array([0, *accumulate(map(len, found.words))], np.int64)
    arguments = found.arguments
    pruned = np.zeros(0, np.int32) if found.pruned is None else found.pruned
    end = found.words.index(_END_OF_LINE) if _END_OF_LINE in found.words else -1
    return Tables(
        arguments.minn,
        arguments.maxn,
        arguments.bucket,
        arguments.loss == fasttext_file.HIERARCHICAL,
        end,
        _slots(letters, bounds),
        letters,
        bounds,
        pruned,
        np.packbits(pruned >= 0, bitorder="little"),
        found.inputs,
        found.outputs,
        found.tree.left,
        found.tree.right,
    )


def _slots(letters: NDArray[np.uint8], bounds: NDArray[np.int64]) -> NDArray[np.int32]:
    words = len(bounds) - 1
    size = 1 << max(4, (2 * words).bit_length())
    slots = np.zeros(size, np.int32)
    for word in range(words):
        slot = int(hash_of(letters, bounds[word], bounds[word + 1])) % size
        while slots[slot]:
            slot = (slot + 1) % size
        slots[slot] = word + 1
    return slots
