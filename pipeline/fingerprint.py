"""What a result depends on: inputs, configuration, code and models, comparable part by part."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

Parts = dict[str, object]
"""A fingerprint before hashing: nested mappings of what the result depends on."""

PACKAGES = ("dedup", "filters", "jobs", "language_id", "pipeline")
LIBRARIES = ("trafilatura", "resiliparse", "lxml", "phonenumbers", "pyarrow")


def digest(parts: object) -> str:
    """SHA-256 in hex of anything JSON can write, key order aside."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


@cache
def code() -> dict[str, str]:
    """A hash of the project's files, and versions of the libraries that shape its output."""
    own = hashlib.sha256()
    for package in PACKAGES:
        for name, content in _sources(files(package), package):
            own.update(f"{name}\0{len(content)}\0".encode() + content)
    libraries = {name: version(name) for name in LIBRARIES}
    return {"sources_sha256": own.hexdigest(), **libraries}


def _sources(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                found += _sources(entry, name)
        elif not entry.name.endswith((".pyc", ".nbi", ".nbc")):
            found.append((name, entry.read_bytes()))
    return found


def differences(old: object, new: object, at: str = "") -> list[str]:
    """Where two fingerprints differ, one line a part: ``config.rules.order: [...] -> [...]``."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted({*old, *new}, key=str)
        inner = (differences(old.get(k), new.get(k), f"{at}.{k}" if at else str(k)) for k in keys)
        return [line for lines in inner for line in lines]
    if old == new:
        return []
    if isinstance(old, Sequence) and isinstance(new, Sequence) and not isinstance(old, str):
        gone = [item for item in old if item not in new]
        come = [item for item in new if item not in old]
        return [f"{at}: {_short(gone)} -> {_short(come)}"]
    return [f"{at}: {_short(old)} -> {_short(new)}"]


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 120 else text[:117] + "..."
