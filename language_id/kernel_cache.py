"""Where compiled kernels are kept: a folder of their own for each state of their sources.

numba takes a cached kernel for current when its own file is; that a function or a constant it
imports has changed goes unnoticed, and the old one runs on. So every change of a module with
kernels, or of one they import, leads to another folder. Kernels are compiled once for all workers
that see the folder: below ``NUMBA_CACHE_DIR`` where that is set, else in the user's cache, else,
where neither can be written, wherever numba finds a place.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

import llvmlite.binding
import numba

ROOT = Path(__file__).parent.parent
PACKAGES = ("dedup", "filters", "language_id", "pipeline")
_KERNEL = re.compile(r"^@(?:njit|inner)\b", re.MULTILINE)
_IMPORT = re.compile(rf"^from ((?:{'|'.join(PACKAGES)})(?:\.\w+)*) import (.*)", re.MULTILINE)


def kernel_sources() -> list[Path]:
    """Return every module with kernels and every one they import, in order."""
    waiting = [
        path
        for package in PACKAGES
        for path in (ROOT / package).glob("*.py")
        if _KERNEL.search(path.read_text("utf-8"))
    ]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path.read_text("utf-8"))
    return sorted(found)


def _imported(source: str) -> Iterable[Path]:
    """Modules of ours that a source imports, by ``from package.module import`` or ``package``."""
    for match in _IMPORT.finditer(source):
        base = ROOT.joinpath(*match[1].split("."))
        names = [
            base.with_suffix(".py"),
            *(base / f"{name}.py" for name in re.findall(r"\w+", match[2])),
        ]
        yield from (path for path in names if path.is_file())


def digest() -> str:
    """Return a hash of the kernels' sources."""
    hashed = hashlib.sha256()
    for path in kernel_sources():
        content = path.read_bytes()
        hashed.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return hashed.hexdigest()[:16]


def _base() -> Path:
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given)
    return (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "corpusmill" / "kernels"
    )


def complete(folder: Path) -> Path:
    """Return the file that says that all kernels are there, for this numba and processor."""
    processor = llvmlite.binding.get_host_cpu_name()
    return folder / f"complete-{numba.__version__}-{processor}"


def use() -> Path | None:
    """Point numba to the folder, and return it; None where it cannot be written."""
    try:
        folder = _base() / digest()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # a read-only home, or none
        return None
    if not os.access(folder, os.W_OK):
        return None
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    return folder
