"""MANIFEST.json: what is published, and what it was made from. Written last; readers start here."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.files import Folder
from pipeline.parquet import File
from pipeline.schema import TABLES

NAME = "MANIFEST.json"
FORMAT = 1
PUBLISHED = ("corpus", "removed", "clusters", "stats")


def publish(folder: Folder, staging: str, names: Mapping[str, str], manifest: bytes) -> None:
    """Make staged files visible under their names, and what they replace invisible.

    ``names`` maps staged files to published ones. While the manifest is away nothing is published;
    a run killed here leaves its files for the next run to replace. Locally each table is one
    rename.
    """
    folder.delete(NAME)
    for table in PUBLISHED:
        folder.delete_folder(table)
    if folder.is_s3:
        for staged, name in sorted(names.items()):
            folder.filesystem().move(folder.path(staged), folder.path(name))
    else:
        _rename(folder, staging, names)
    folder.replace(NAME, manifest)
    folder.sweep_folder(staging)


def _rename(folder: Folder, staging: str, names: Mapping[str, str]) -> None:
    ready = f"{staging}/ready"
    folder.delete_folder(ready)
    for staged, name in names.items():
        folder.move_folder(staged, f"{ready}/{name}")
    for table in PUBLISHED:
        if folder.list(f"{ready}/{table}"):
            folder.move_folder(f"{ready}/{table}", table)


def encode(
    config: Mapping[str, Any],
    made_from: Mapping[str, Any],
    inputs: Sequence[Any],
    files: Sequence[File],
) -> bytes:
    """The manifest. It holds no clock, host or user, so the same run gives the same bytes."""
    content = {
        "format": FORMAT,
        "config": config,
        "code": made_from["code"],
        "models": made_from["models"],
        "lists": made_from.get("lists", {}),
        "against": made_from.get("against", {}),
        "inputs": inputs,
        "columns": {table: [c.name for c in TABLES[table]] for table in PUBLISHED[:3]},
        "files": [file._asdict() for file in sorted(files)],
        "rows": {
            table: sum(f.rows for f in files if f.path.startswith(f"{table}/"))
            for table in PUBLISHED
        },
    }
    if "selection" in made_from:
        content["selection"] = made_from["selection"]
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def read(folder: Folder) -> dict[str, Any] | None:
    """The manifest of an output folder, or None where nothing is published."""
    try:
        found = json.loads(folder.read(NAME))
    except FileNotFoundError:
        return None
    return dict(found)


def files(manifest: Mapping[str, Any]) -> list[File]:
    """The published files."""
    return [File(**file) for file in manifest["files"]]
