"""Older corpora a run is compared with: an output folder, or the band tables of one alone."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipeline import stages
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.fingerprint import Parts, differences, digest
from pipeline.parquet import File

log = logging.getLogger(__name__)

EXPORT = "BANDS.json"
REMEDY = (
    "make both the same: set [duplicates] alike and run `corpusmill deduplicate` on the older one "
    "again; where the hashes or the shingles differ, extract one of the two again"
)


class Corpus(NamedTuple):
    """A corpus whose documents are known: its name, its band tables and what it decided.

    ``decisions``: a file for every file of ``bands``, or None where the bands tell the fates.
    """

    name: str
    folder: Folder
    bands: list[File]
    decisions: list[File] | None
    made_with: Parts
    fingerprint: str


def opened(arguments: Sequence[str], wanted: Parts, own: Folder) -> list[Corpus]:
    """The corpora that ``--against`` names, in their order: ``DIR`` or ``NAME=DIR``.

    Raises ConfigError, which names folder and remedy: where there is none, where it cannot be
    compared with band tables of ``wanted``, where two have one name.
    """
    found: dict[str, Corpus] = {}
    for argument in arguments:
        corpus = _opened(*_named(argument), own)
        if corpus.name in found:
            raise ConfigError(
                f"--against: two corpora are named {corpus.name!r}; name one NAME={argument}"
            )
        lines = differences(corpus.made_with, json.loads(json.dumps(wanted)))
        if lines:
            raise ConfigError(
                f"{corpus.folder.uri}: its band tables cannot be compared with these documents: "
                f"{'; '.join(lines)}; {REMEDY}"
            )
        found[corpus.name] = corpus
    return list(found.values())


def _named(argument: str) -> tuple[str, str]:
    name, sign, path = argument.partition("=")
    if sign and "/" not in name:
        if not name or not path:
            raise ConfigError(f"--against {argument}: write DIR or NAME=DIR")
        return name, path
    return argument.rstrip("/").rsplit("/", 1)[-1] or argument, argument


def _opened(name: str, path: str, own: Folder) -> Corpus:
    folder = Folder(path, own.options)
    if folder.base == own.base:
        raise ConfigError(f"{path}: a corpus cannot be compared with itself")
    exported = read_export(folder)
    if exported is not None:
        files = [File(**file) for file in exported["files"]]
        return Corpus(name, folder, files, None, exported["made_with"], exported["fingerprint"])
    bands, decisions, fingerprint = tables(folder)
    if decisions is None:
        log.info("%s: not curated; all of its documents count as held", path)
    grouped = stages.required(folder, "deduplicate")
    with_what = grouped.parts["bands"]
    assert isinstance(with_what, dict)  # noqa: S101  # written by this code
    return Corpus(name, folder, bands, decisions, with_what, fingerprint)


def tables(folder: Folder) -> tuple[list[File], list[File] | None, str]:
    """Bands, decisions (None before curate) and their fingerprint, of an output folder."""
    grouped = stages.finished(folder, "deduplicate")
    if grouped is None:
        raise ConfigError(
            f"{folder.uri}: holds neither a deduplicated run nor band tables; `corpusmill "
            "deduplicate` makes the one, `corpusmill bands export` the other"
        )
    if "bands" not in grouped.files:
        raise ConfigError(
            f"{folder.uri}: was deduplicated by a version that kept no band tables; run "
            f"`corpusmill deduplicate {folder.uri}` again"
        )
    curated = stages.finished(folder, "curate")
    if curated and curated.parts.get("deduplicate") != grouped.fingerprint:
        raise ConfigError(
            f"{folder.uri}: was deduplicated again after its corpus was made; run `corpusmill "
            f"curate {folder.uri}` first"
        )
    decided = curated.files["decisions"] if curated else None
    print_of = digest([grouped.fingerprint, curated.fingerprint if curated else None])
    return grouped.files["bands"], decided, print_of


def read_export(folder: Folder) -> Mapping[str, Any] | None:
    """The record of exported band tables, or None."""
    try:
        found = json.loads(folder.read(EXPORT))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return dict(found)


def finish_export(
    folder: Folder, files: Sequence[File], with_what: object, fingerprint: str
) -> None:
    """Make exported band tables visible, in place of what they replace."""
    content = {
        "made_with": with_what,
        "fingerprint": fingerprint,
        "rows": sum(file.rows for file in files),
        "files": [file._asdict() for file in files],
    }
    folder.replace(EXPORT, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())


def sweep_export(folder: Folder, files: Sequence[File]) -> None:
    """Delete band tables that the record does not name: replaced ones, dead attempts."""
    named = {file.path for file in files}
    for path, _ in folder.list("bands"):
        if path not in named:
            folder.delete(path)


def described(corpora: Sequence[Corpus], *, symmetric: bool) -> Parts:
    """What a comparison depends on, for fingerprints."""
    named = [[corpus.name, corpus.fingerprint] for corpus in corpora]
    return {"corpora": named, "symmetric": symmetric}
