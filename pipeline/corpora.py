"""Older corpora a run is compared with: an output folder, or the band tables of one alone."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from pipeline import stages
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.fingerprint import Parts, differences, digest
from pipeline.parquet import File

log = logging.getLogger(__name__)

EXPORT = "BANDS.json"
MODEL = "language_model"
WITHOUT_SETS = "choose check 'signature' or 'none' to compare by its band tables alone"
REMEDY = (
    "make both the same: set [duplicates] alike and run `corpusmill deduplicate` on the older one "
    "again; where the hashes or the shingles differ, extract one of the two again"
)


class Corpus(NamedTuple):
    """A corpus whose documents are known: its name, its band tables and what it decided.

    ``decisions``: a file for every file of ``bands``, or None where the bands tell the fates.
    ``shingles``: sets beside exported band tables, None where there are none.
    """

    name: str
    folder: Folder
    bands: list[File]
    decisions: list[File] | None
    made_with: Parts
    fingerprint: str
    shingles: list[File] | None = None


class Sets(NamedTuple):
    """Where a corpus has its documents' shingles: its texts, or the sets themselves."""

    files: list[File]
    column: Literal["text", "shingles"]


def opened(
    arguments: Sequence[str], wanted: Parts, own: Folder, *, mixed: bool = False
) -> list[Corpus]:
    """The corpora that ``--against`` names, in their order: ``DIR`` or ``NAME=DIR``.

    Raises ConfigError, which names folder and remedy: where there is none, where it cannot be
    compared with band tables of ``wanted``, where two have one name. Languages named by another
    model are only warned of if ``mixed``.
    """
    found: dict[str, Corpus] = {}
    for argument in arguments:
        corpus = _opened(*_named(argument), own)
        if corpus.name in found:
            raise ConfigError(
                f"--against: two corpora are named {corpus.name!r}; name one NAME={argument}"
            )
        needed = json.loads(json.dumps(wanted))
        _check_models(corpus, needed, mixed)
        lines = differences({**corpus.made_with, MODEL: None}, {**needed, MODEL: None})
        if lines:
            raise ConfigError(
                f"{corpus.folder.uri}: its band tables cannot be compared with these documents: "
                f"{'; '.join(lines)}; {REMEDY}"
            )
        found[corpus.name] = corpus
    return list(found.values())


def _check_models(corpus: Corpus, wanted: Parts, mixed: bool) -> None:
    """ConfigError, or a warning, where languages are the scope and were named by other models."""
    theirs, ours = (made.get(MODEL) for made in (corpus.made_with, wanted))
    if ours is None or theirs == ours:
        return
    said = (
        f"{corpus.folder.uri}: its languages were named by {_model(theirs)}, those of these "
        f"documents by {_model(ours)}; copies are looked for within a language, and those that "
        "the two models name differently would be missed"
    )
    if not mixed:
        raise ConfigError(
            f"{said}; extract one of the two again with the other's model, set duplicates.scope to "
            "'global' for both, or accept it with --mixed-language-models"
        )
    log.warning("%s", said)


def _model(parts: object) -> str:
    """A language model as a reader knows it: ``lid.176 (SHA-256 8f3472cf…)``."""
    if not isinstance(parts, Mapping):
        return "a model that its band tables do not name"
    return f"{parts['name']} (SHA-256 {parts['sha256'][:8]}…)"


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
        with_what, fingerprint = exported["made_with"], exported["fingerprint"]
        files, sets = (
            None if found is None else [File(**file) for file in found]
            for found in (exported["files"], exported.get("shingles"))
        )
        return Corpus(name, folder, files or [], None, with_what, fingerprint, sets)
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


def sets_of(corpus: Corpus) -> Sets:
    """Where the true check finds this corpus's shingles; ConfigError with the remedy if nowhere."""
    if corpus.shingles is not None:
        return Sets(corpus.shingles, "shingles")
    folder = corpus.folder
    if read_export(folder) is not None:
        raise ConfigError(
            f"{folder.uri}: duplicates.check 'jaccard' compares shingles, and these band tables "
            "were exported without; export them again with `corpusmill bands export RUN OUT "
            f"--shingles`, or {WITHOUT_SETS}"
        )
    return Sets(texts_of(folder), "text")


def texts_of(folder: Folder) -> list[File]:
    """The documents that a run's band tables were made from; ConfigError where they are gone."""
    grouped, extracted = (stages.required(folder, name) for name in ("deduplicate", "extract"))
    if grouped.parts.get("extract") != extracted.fingerprint:
        raise ConfigError(
            f"{folder.uri}: was extracted again after it was deduplicated; run `corpusmill "
            f"deduplicate {folder.uri}` first"
        )
    files = extracted.files["documents"]
    there = {path for path, _ in folder.list("documents")}
    gone = [file.path for file in files if file.path not in there]
    if gone:
        raise ConfigError(
            f"{folder.uri}: its shingles are made from its texts, and {len(gone)} files of them "
            f"are gone, the first {gone[0]}; extract it again, or {WITHOUT_SETS}"
        )
    return files


def read_export(folder: Folder) -> Mapping[str, Any] | None:
    """The record of exported band tables, or None."""
    try:
        found = json.loads(folder.read(EXPORT))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return dict(found)


def finish_export(
    folder: Folder,
    files: Sequence[File],
    with_what: object,
    fingerprint: str,
    shingles: Sequence[File] | None = None,
) -> None:
    """Make exported band tables visible, in place of what they replace."""
    content = {
        "made_with": with_what,
        "fingerprint": fingerprint,
        "rows": sum(file.rows for file in files),
        "files": [file._asdict() for file in files],
    }
    if shingles is not None:
        content["shingles"] = [file._asdict() for file in shingles]
    folder.replace(EXPORT, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())


def sweep_export(folder: Folder, files: Sequence[File]) -> None:
    """Delete tables that the record does not name: replaced ones, dead attempts."""
    named = {file.path for file in files}
    for table in ("bands", "shingles"):
        for path, _ in folder.list(table):
            if path not in named:
                folder.delete(path)


def described(corpora: Sequence[Corpus], *, symmetric: bool) -> Parts:
    """What a comparison depends on, for fingerprints."""
    named = [[corpus.name, corpus.fingerprint] for corpus in corpora]
    return {"corpora": named, "symmetric": symmetric}
