"""``corpusmill extract``: archives to documents and ledger, one commit per range of an archive."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

import pyarrow as pa
from pyspark.sql import SparkSession

from jobs import payloads
from jobs.selecting import NAMELESS, Chosen, chosen_tasks, indexed_inputs, picked
from jobs.session import watched
from pipeline import (
    extraction,
    fingerprint,
    pdf,
    quarantine,
    screening,
    spread,
    stages,
    table_files,
)
from pipeline.config import Config
from pipeline.errors import ArchiveError, ConfigError
from pipeline.extraction import Commit, Range, Task
from pipeline.files import Folder
from pipeline.index import index_files
from pipeline.inputs import InputFile, listing
from pipeline.models import model_checksums
from pipeline.parquet import File
from pipeline.payloads import earlier as earlier_payloads
from pipeline.ranges import plan_ranges
from pipeline.selection import TABLE
from pipeline.storage import StorageOptions, open_source
from pipeline.table_names import is_table_name
from pipeline.word_files import flagged_words

log = logging.getLogger(__name__)

LISTED_AT_ONCE = 16
SHOWN = 5
DAMAGE = "damage:"
TABLES = ("documents", "ledger", quarantine.TABLE)
ABSENT = File("", 0, 0, "")
DONE = pa.schema(
    [(f"{table}_{field.name}", field.type) for table in TABLES for field in spread.FILES]
    + [("reasons", pa.list_(pa.string())), ("counts", pa.list_(pa.int64()))]
)


def run(
    spark: SparkSession,
    config: Config,
    folder: Folder,
    inputs: Sequence[str],
    chosen: Chosen | None = None,
) -> stages.Stage:
    """The finished extract stage: taken as it is when nothing it depends on changed.

    Reads ``inputs``, or where there are none the records that ``chosen`` selects.
    """
    options = extraction.storage_options(config)
    libraries = pdf.installed(wanted=config.text.pdf)
    listed = _listed(inputs, options) if chosen is None else []
    indexed = [] if chosen is None else index_files(chosen.source, options)
    flagged = flagged_words(config.words, options)
    config = config.model_copy(update={"words": flagged.pinned})
    parts = made_from(config, listed or indexed_inputs(indexed)) | {"words": flagged.made_from}
    parts["libraries"] = libraries
    judge = screening.addresses(config, options)
    if judge:
        parts["addresses"] = judge.made_from
    if chosen is not None:
        parts["selection"] = {"where": chosen.where, "base": config.input.path_prefix}
    found = stages.check(folder, "extract", parts)
    if found.stage:
        log.info("extract: finished before from the same inputs, config, code and models")
        return found.stage
    for line in found.differences:
        log.info("extract: again, since %s", line)
    commits = f"commits/{fingerprint.digest(parts)[:16]}"
    tables: dict[str, list[File]] = {}
    tasks: Sequence[Task] = planned(listed, config)
    counts: dict[str, int] = {}
    if chosen is not None:
        selection = picked(spark, config, folder, chosen, indexed)
        tables, tasks = {TABLE: selection.files}, chosen_tasks(selection, config, folder)
        counts = (
            {f"{DAMAGE}{NAMELESS}:{chosen.source}": selection.nameless}
            if selection.nameless
            else {}
        )
    known: dict[str, str] = {}
    if config.screen.payloads == "run":
        known = payloads.look(spark, tasks, config, folder, judge, parts)
    done = watched(
        spark, "extract", lambda: _extracted(spark, tasks, config, folder, commits, judge, known)
    )
    stage = stages.Stage("extract", parts, _files(done) | tables, _counts(done) | counts)
    stages.finish(folder, stage)
    sweep(folder, stage, commits)
    payloads.forget(folder)
    return stage


def _listed(inputs: Sequence[str], options: StorageOptions) -> list[InputFile]:
    """The archives to read, with their sizes; ConfigError where not one can be read."""
    found_inputs = listing(inputs, options)
    if found_inputs.ignored:
        log.info("not read, no archives by name: %d files", len(found_inputs.ignored))
    if not found_inputs.files:
        raise ConfigError(f"no archives or tables in: {', '.join(inputs)}")
    with ThreadPoolExecutor(LISTED_AT_ONCE) as pool:
        listed = list(pool.map(partial(table_files.sized, options=options), found_inputs.files))
    listed = table_files.completed(listed, options)
    if all(file.problem for file in listed):
        named = [f"{file.uri} ({file.problem})" for file in listed[:SHOWN]]
        more = ["..."] if listed[SHOWN:] else []
        raise ConfigError(f"no archive to read: {', '.join([*named, *more])}")
    return listed


def made_from(config: Config, listed: Sequence[InputFile]) -> fingerprint.Parts:
    """What the extract stage depends on."""
    limits = config.input
    return {
        "inputs": {f.name: [_unsigned(f.uri), f.size, f.version, f.problem] for f in listed},
        "config": {
            "input": {"range_mib": limits.range_mib, "record_limit_mib": limits.record_limit_mib},
            "text": config.text.model_dump(mode="json"),
            "screen": config.screen.model_dump(mode="json"),
            "language": config.language.model_dump(mode="json"),
            "quality": config.quality.model_dump(mode="json"),
            "signature": config.duplicates.signature,
        },
        "code": fingerprint.code(),
        "models": model_checksums(config),
    }


def _unsigned(uri: str) -> str:
    """A URI without its query, where presigned addresses carry their key."""
    return uri.partition("?")[0] if "://" in uri else uri


def planned(listed: Sequence[InputFile], config: Config) -> list[Range]:
    """Ranges of every input, largest first so that no long one is left for the end."""
    groups = table_files.grouped(listed)
    with ThreadPoolExecutor(LISTED_AT_ONCE) as pool:
        every = [r for found in pool.map(partial(_ranges, config=config), groups) for r in found]
    return sorted(every, key=lambda r: (r.start - r.end, r.name, r.start))


def _ranges(group: table_files.Group, config: Config) -> list[Range]:
    file, target = group.file, config.input.range_mib << 20
    whole = Range(*file[:4], 0, max(file.size, 0), file.problem, *group[1:])
    if file.problem or group.size < 1.5 * target:
        return [whole]
    if is_table_name(file.name):
        cuts = table_files.cuts(group, target)
        return [whole._replace(start=start, end=end) for start, end in cuts]
    try:
        with closing(open_source(file.uri, extraction.storage_options(config))) as source:
            cuts = plan_ranges(source, file.name, target)
    except ArchiveError as error:
        return [whole._replace(problem=error.reason)]
    return [whole._replace(start=start, end=end) for start, end in cuts]


def _extracted(
    spark: SparkSession,
    tasks: Sequence[Task],
    config: Config,
    folder: Folder,
    commits: str,
    judge: screening.Addresses | None,
    known: Mapping[str, str],
) -> list[Commit]:
    shared = spark.sparkContext.broadcast((judge, known))

    def work(task: Task) -> spread.Batches:
        addresses, known_files = shared.value
        earlier = earlier_payloads(folder, known_files.get(task.key))
        commit = extraction.extract(task, config, folder, commits, addresses, earlier)
        files = [[value] for table in TABLES for value in commit.files.get(table, ABSENT)]
        counts = [[list(commit.counts)], [list(commit.counts.values())]]
        yield pa.record_batch([*files, *counts], schema=DONE)

    rows = spread.each(spark, tasks, work, DONE).collect()
    return [
        Commit(
            "",
            {table: File(*row[4 * at : 4 * at + 4]) for at, table in enumerate(TABLES)},
            dict(zip(row["reasons"], row["counts"], strict=True)),
        )
        for row in rows
    ]


def _files(done: Sequence[Commit]) -> dict[str, list[File]]:
    every = {table: sorted(c.files[table] for c in done) for table in TABLES}
    return {table: [file for file in files if file.rows] for table, files in every.items()}


def _counts(done: Sequence[Commit]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for commit in done:
        total.update(commit.counts)
    return dict(sorted(total.items()))


def damaged(stage: stages.Stage) -> list[tuple[str, str, int]]:
    """(archive, reason, places) for whatever of the inputs could not be read, or not whole."""
    found = []
    for key, count in stage.counts.items():
        if key.startswith(DAMAGE):
            reason, _, name = key.removeprefix(DAMAGE).partition(":")
            found.append((name, reason, count))
    return sorted(found)


def sweep(folder: Folder, stage: stages.Stage, commits: str | None = None) -> None:
    """Delete files of the stage's tables that no record names: dead attempts, replaced runs."""
    for table, files in stage.files.items():
        named = {file.path for file in files}
        for path, _ in folder.list(table):
            if path not in named:
                folder.delete(path)
    if commits:
        for path, _ in folder.list("commits"):
            if not path.startswith(f"{commits}/"):
                folder.delete(path)
