"""fastText's model files as arrays: what prediction needs, and nothing else.

The layout is that of fastText 0.9 (https://github.com/facebookresearch/fastText, ``Args::load``,
``Dictionary::load``, ``QuantMatrix::load``), dense (``.bin``) and quantised (``.ftz``). A quantised
matrix is unpacked once; a dense one is mapped, so that all processes of a machine share it.
"""

import mmap
import struct
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

MAGIC: Final = 793712314
VERSION: Final = 12
HIERARCHICAL, SOFTMAX = 1, 3
"""The two losses that are read: a tree of labels, or all of them at once."""
_SUPERVISED: Final = 3
_CENTROIDS: Final = 256


class UnsupportedError(Exception):
    """A model of a kind that only fastText's own library reads."""


class Arguments(NamedTuple):
    """The options of training that prediction depends on."""

    dim: int
    loss: int
    bucket: int
    minn: int
    maxn: int


class Tree(NamedTuple):
    """The Huffman tree of labels: for each inner node, from the first one on, its two children."""

    left: NDArray[np.int32]
    right: NDArray[np.int32]


class ModelFile(NamedTuple):
    """A model: ``words`` by number, ``labels``, (rows, dim) input and (labels, dim) output.

    ``pruned``: the row of each n-gram's bucket, -1 where it was pruned, shape (bucket,); None if
    row and bucket are the same but for the words before.
    """

    arguments: Arguments
    words: list[bytes]
    labels: list[str]
    tree: Tree
    pruned: NDArray[np.int32] | None
    inputs: NDArray[np.float32]
    outputs: NDArray[np.float32]


def read(path: Path) -> ModelFile:
    """Read a model's file.

    Raises UnsupportedError for what only fastText's library reads: word n-grams, other losses,
    quantised outputs, models that are not supervised, files of another version.
    """
    with path.open("rb") as file:
        reader = _Reader(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    if reader.numbers("ii") != (MAGIC, VERSION):
        raise UnsupportedError(f"not a fastText model of version {VERSION}")
    found = reader.numbers("12i")
    reader.numbers("d")
    dim, _, _, _, _, word_ngrams, loss, kind, bucket, minn, maxn, _ = found
    if kind != _SUPERVISED or word_ngrams > 1 or loss not in (HIERARCHICAL, SOFTMAX):
        raise UnsupportedError(f"kind {kind}, loss {loss}, {word_ngrams} words an n-gram")
    words, labels, counts, pruned = _dictionary(reader, bucket)
    inputs = _matrix(reader)
    if reader.numbers("?")[0]:
        raise UnsupportedError("a quantised output matrix")
    outputs = _dense(reader)
    arguments = Arguments(dim, loss, bucket, minn, maxn)
    return ModelFile(arguments, words, labels, _tree(counts), pruned, inputs, outputs)


class _Reader:
    """Reads little-endian numbers, strings and arrays one after another."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._at = 0

    def numbers(self, form: str) -> tuple[int, ...]:
        form = f"<{form}"
        return struct.unpack_from(form, self._content, self._taken(struct.calcsize(form)))

    def string(self) -> bytes:
        start = self._at
        end = self._content.find(b"\0", start)
        self._taken((len(self._content) if end < 0 else end) + 1 - start)
        return self._content[start:end]

    def array(self, count: int, kind: str) -> NDArray[np.generic]:
        start = self._taken(count * np.dtype(kind).itemsize)
        return np.frombuffer(self._content, kind, count, start)

    def _taken(self, size: int) -> int:
        """Go over bytes; return where they start."""
        self._at += size
        if size < 0 or self._at > len(self._content):
            raise UnsupportedError("the file ends early")
        return self._at - size


def _dictionary(
    reader: _Reader, bucket: int
) -> tuple[list[bytes], list[str], list[int], NDArray[np.int32] | None]:
    size, word_count, label_count = reader.numbers("3i")
    _, pruned_size = reader.numbers("qq")
    words: list[bytes] = []
    labels: list[str] = []
    counts: list[int] = []
    for _ in range(size):
        entry = reader.string()
        count, kind = reader.numbers("qb")
        if kind == 0:
            words.append(entry)
        else:
            labels.append(entry.decode())
            counts.append(count)
    if (len(words), len(labels)) != (word_count, label_count):
        raise UnsupportedError("a dictionary that does not count its own entries")
    if pruned_size < 0:
        return words, labels, counts, None
    pairs = reader.array(2 * pruned_size, "<i4").astype(np.int32).reshape(-1, 2)
    if not pruned_size:
        return words, labels, counts, None
    pruned = np.full(bucket, -1, np.int32)
    pruned[pairs[:, 0]] = pairs[:, 1]
    return words, labels, counts, pruned


def _matrix(reader: _Reader) -> NDArray[np.float32]:
    return _quantised(reader) if reader.numbers("?")[0] else _dense(reader)


def _dense(reader: _Reader) -> NDArray[np.float32]:
    rows, columns = reader.numbers("qq")
    data = reader.array(rows * columns, "<f4")
    # kernels want aligned rows; a map starts where the file's dictionary happens to end
    aligned = data if data.flags.aligned else data.copy()
    return aligned.reshape(rows, columns)  # type: ignore[return-value]


def _quantised(reader: _Reader) -> NDArray[np.float32]:
    (with_norms,) = reader.numbers("?")
    rows, columns = reader.numbers("qq")
    (size,) = reader.numbers("i")
    codes = reader.array(size, "u1").reshape(rows, -1).astype(np.int64)
    parts = _codebook(reader)
    matrix = np.concatenate([part[codes[:, n]] for n, part in enumerate(parts)], axis=1)
    if with_norms:
        norm_codes = reader.array(rows, "u1").astype(np.int64)
        (norms,) = _codebook(reader)
        matrix = norms[norm_codes] * matrix
    return np.ascontiguousarray(matrix[:, :columns], dtype=np.float32)


def _codebook(reader: _Reader) -> list[NDArray[np.float32]]:
    """Return the centroids of each part of a row, (256, its width)."""
    dim, parts, width, last = reader.numbers("4i")
    flat = reader.array(dim * _CENTROIDS, "<f4").astype(np.float32)
    widths = [width] * (parts - 1) + [last]
    starts = [n * _CENTROIDS * width for n in range(parts)]
    return [
        flat[start : start + _CENTROIDS * each].reshape(_CENTROIDS, each)
        for start, each in zip(starts, widths, strict=True)
    ]


def _tree(counts: list[int]) -> Tree:
    """Build the tree as ``HierarchicalSoftmaxLoss::buildTree`` does: counts from large to small."""
    labels = len(counts)
    total = [*counts, *([10**15] * max(labels - 1, 0))]
    left, right = np.zeros(max(labels - 1, 0), np.int32), np.zeros(max(labels - 1, 0), np.int32)
    leaf, node = labels - 1, labels
    for place in range(labels, 2 * labels - 1):
        chosen: list[int] = []
        for _ in range(2):
            if leaf >= 0 and total[leaf] < total[node]:
                chosen.append(leaf)
                leaf -= 1
            else:
                chosen.append(node)
                node += 1
        left[place - labels], right[place - labels] = chosen
        total[place] = total[chosen[0]] + total[chosen[1]]
    return Tree(left, right)
