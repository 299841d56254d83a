"""A tokenizer's tables, kept in the folder of compiled kernels.

Made of its file they take a worker half a second and 60 MB; read again, a tenth of both. They are
trusted as the kernels beside them are, and as little: a file that is damaged, or of another
tokenizer, is made anew.
"""

import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from pipeline.token_counts import Vocabulary
from pipeline.token_merges import Index, Merges
from pipeline.token_pieces import CLASSES

_LAYOUT: Final = 1
"""Another number where the same file of a tokenizer is to give other tables."""
_DAMAGED: Final = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile)


def kept(folder: Path | None, name: str, make: Callable[[], Vocabulary]) -> Vocabulary:
    """Return the tables of that name; the first to ask makes and keeps them.

    ``name`` stands for the content of the tokenizer's file. Where there is no folder, or it takes
    no more, they are made and not kept.
    """
    if folder is None:
        return make()
    path = folder / f"{name}-{_LAYOUT}.npz"
    try:
        return _read(path)
    except _DAMAGED:
        made = make()
        with suppress(OSError):
            _write(path, made)
        return made


def _read(path: Path) -> Vocabulary:
    """Read tables; zip's checksum of each is compared. Raises one of _DAMAGED."""
    with np.load(path, allow_pickle=False) as found:
        arrays: dict[str, NDArray[Any]] = dict(found)
    return Vocabulary(
        CLASSES,
        Index(arrays["whole_keys"], arrays["whole_tokens"]),
        int(arrays["longest"]),
        Merges(
            arrays["of_byte"],
            arrays["of_bytes"],
            Index(arrays["pair_keys"], arrays["pair_tokens"]),
        ),
    )


def _write(path: Path, made: Vocabulary) -> None:
    """Write tables so that another worker sees all of them or none."""
    partial = path.with_suffix(f".{uuid4().hex}")
    try:
        with partial.open("xb") as file:
            _save(file, made)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _save(file: IO[bytes], made: Vocabulary) -> None:
    np.savez(
        file,
        whole_keys=made.whole.keys,
        whole_tokens=made.whole.tokens,
        longest=np.int64(made.longest),
        of_byte=made.merges.of_byte,
        of_bytes=made.merges.of_bytes,
        pair_keys=made.merges.of_pair.keys,
        pair_tokens=made.merges.of_pair.tokens,
    )
