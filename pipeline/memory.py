"""What a worker no longer uses goes back to the system, so that peaks do not stand on old peaks."""

import ctypes
from contextlib import suppress
from functools import cache
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


def give_back() -> None:
    """Return freed memory of Arrow's pool and of the C library, where that can (glibc)."""
    pa.default_memory_pool().release_unused()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
