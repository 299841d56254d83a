"""Stages and their records: what is finished, from what, and which files it is made of.

A stage's record is written last and names every file. Readers take files from records, never from
folders, so a killed run leaves the whole of a stage visible or none of it.
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.fingerprint import Parts, differences, digest
from pipeline.parquet import File

log = logging.getLogger(__name__)


class Stage(NamedTuple):
    """A finished stage: the files of its tables and the counts that came with them."""

    name: str
    parts: Parts
    files: dict[str, list[File]]
    counts: dict[str, int]

    @property
    def fingerprint(self) -> str:
        """Hash of all it was made from."""
        return digest(self.parts)


def record_name(stage: str) -> str:
    """Name of a stage's record in the output folder."""
    return f"stages/{stage}.json"


def finish(folder: Folder, stage: Stage) -> None:
    """Make a stage visible, in place of what it replaces."""
    folder.replace(
        record_name(stage.name),
        json.dumps(
            {
                "stage": stage.name,
                "fingerprint": stage.fingerprint,
                "made_from": stage.parts,
                "counts": stage.counts,
                "files": {t: [f._asdict() for f in fs] for t, fs in stage.files.items()},
            },
            indent=1,
            sort_keys=True,
        ).encode(),
    )


def finished(folder: Folder, name: str) -> Stage | None:
    """The finished stage of that name, or None."""
    try:
        found = json.loads(folder.read(record_name(name)))
    except FileNotFoundError:
        return None
    files = {t: [File(**f) for f in fs] for t, fs in found["files"].items()}
    return Stage(name, found["made_from"], files, found["counts"])


def forget(folder: Folder, name: str) -> None:
    """Make a stage unfinished, before what its record describes is replaced in place."""
    folder.delete(record_name(name))


def required(folder: Folder, name: str, *tables: str) -> Stage:
    """The finished stage of that name, which has those tables; else ConfigError with the remedy."""
    stage = finished(folder, name)
    if stage is None:
        raise ConfigError(
            f"{folder.uri}: holds no finished {name!r} stage; "
            f"`corpusmill {'mill' if name == 'curate' else name}` makes it"
        )
    for table in tables:
        if table not in stage.files:
            raise ConfigError(
                f"{folder.uri}: its {name!r} stage was made by a version that kept no table "
                f"{table!r}; run `corpusmill {name} {folder.uri}` again"
            )
    return stage


class Check(NamedTuple):
    """Whether a stage can be skipped, and what differs from the last time otherwise."""

    stage: Stage | None
    differences: list[str]


def check(folder: Folder, name: str, parts: Parts) -> Check:
    """The finished stage if it was made from exactly ``parts``, else what differs."""
    stage = finished(folder, name)
    if stage is None:
        return Check(None, [])
    differing = differences(stage.parts, json.loads(json.dumps(parts)))
    return Check(None if differing else stage, differing)


def _writable(folder: Folder) -> None:
    """ConfigError unless a small file can be put into an S3 folder."""
    try:
        folder.replace(".lock", b"")
        folder.delete(".lock")
    except OSError as error:
        reason = str(error).split("\n", 1)[0]
        raise ConfigError(f"{folder.uri}: cannot be written: {reason}") from None


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """Hold an output folder for one run; ConfigError if another run holds it.

    The lock is the kernel's and ends with the process, however that ends. S3 has none: there every
    record is created only if absent, so two runs waste work but never mix.
    """
    if folder.is_s3:
        _writable(folder)
        yield
        return
    path = Path(folder.path(".lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
    except OSError as error:
        raise ConfigError(f"{folder.uri}: cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ConfigError(
            f"{folder.uri}: another run is writing here; wait for it or choose another --output"
        ) from None
    except OSError:
        log.warning("%s: no file locks here; make sure that no other run writes to it", folder.uri)
    try:
        yield
    finally:
        os.close(descriptor)
