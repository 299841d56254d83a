"""A worker takes no memory it has no use for, and gives back what it no longer uses."""

import ctypes
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Final

import pyarrow as pa

LARGE_BYTES: Final = 8 << 20
"""Arrays of a long text, not those of a batch of ordinary ones."""
_KEPT_BYTES: Final = 32 << 20
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h


@cache
def large_apart() -> None:
    """Have glibc keep large arrays by themselves, so that each goes back when it is freed.

    Left alone it takes an array that was freed, however large, as the measure of what to keep
    within the heap, where one that is in use keeps all below it.
    """
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
        library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)


class _WithoutPandas:
    """A finder that finds no pandas, and leaves all else to the others."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


@cache
def without_pandas() -> None:
    """Have Arrow make arrays without importing pandas: 40 MB, and .3 s of a worker's start.

    Arrow asks of the first list it is given whether it is a pandas series, and once only (pyarrow's
    ``pandas-shim.pxi``); Corpusmill has none. What converts to pandas still imports it.
    """
    if "pandas" in sys.modules:
        return
    finder = _WithoutPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(finder)


def give_back() -> None:
    """Return freed memory of Arrow's pool and of the C library, where that can (glibc)."""
    pa.default_memory_pool().release_unused()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
