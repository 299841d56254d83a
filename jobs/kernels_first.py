"""Kernels compiled before the workers of one machine start, where nobody has compiled them yet.

Each worker would compile what it calls, all at the same time and in some 800 MB apiece, where a
worker that finds them needs less than 512. On a cluster `corpusmill compile` does it beforehand.
"""

import fcntl
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import language_id
from language_id.kernel_cache import complete

CODE = "from pipeline import kernels; kernels.compiled()"
_log = logging.getLogger(__name__)


def kernels_first() -> None:
    """Compile every kernel in a process of its own, unless the folder of kernels has them.

    A failure is said, and left to the worker that needs the kernel, which says what it was.
    """
    folder = language_id.CACHE
    if folder is None or complete(folder).exists():
        return
    with _alone(folder):
        if complete(folder).exists():  # compiled by another run meanwhile
            return
        _log.info("compiling the kernels, once for this installation: one to three minutes")
        if subprocess.run(
            [sys.executable, "-c", CODE], capture_output=True, check=False
        ).returncode:
            _log.warning("they could not be compiled beforehand: workers compile what they call")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait for other runs of this machine; file systems that know no locks let all pass."""
    with (folder / "lock").open("a") as lock:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
