"""The extract stage's work: one range of one archive to documents and ledger rows, committed.

Read → screen → text (in a guarded child) → language → signals → signature, in one pass; pages never
cross into the JVM. What it writes becomes visible by one commit record, created only if absent.
"""

import json
import logging
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import pyarrow as pa

from filters.word_lists import WordLists
from language_id.identify import Identifier
from language_id.models import load
from pipeline import ledger, quarantine, screening, selected
from pipeline.archives import Limits, records
from pipeline.config import Config, Language, Text
from pipeline.errors import ArchiveError
from pipeline.files import Folder
from pipeline.inputs import InputFile
from pipeline.list_config import Words
from pipeline.memory import give_back, large_apart, without_pandas
from pipeline.models import language_model
from pipeline.parquet import File, Writer
from pipeline.sandbox import Sandbox, SandboxLimits
from pipeline.schema import LEDGER, schema
from pipeline.steps import DOCUMENTS_SCHEMA, Tools, documents
from pipeline.storage import StorageOptions, open_source
from pipeline.table_files import Group
from pipeline.table_names import is_table_name
from pipeline.table_rows import screened_lines
from pipeline.tokens import TokenCounter
from pipeline.word_files import flagged_words

log = logging.getLogger(__name__)

BATCH_PAGES = 500
BATCH_BYTES = 8 << 20
LEDGER_SCHEMA = schema(LEDGER)
PROBE = ({"url": None, "header_charset": None, "kind": "html"}, b"<p>A page like any other.</p>")


class Range(NamedTuple):
    """Bytes [start, end) of an archive or table; what starts there is this range's.

    ``partners`` are the files that are read with a table, ``unread`` those it is read instead of.
    """

    uri: str
    name: str
    size: int
    version: str
    start: int
    end: int
    problem: str | None = None
    partners: tuple[InputFile, ...] = ()
    unread: tuple[InputFile, ...] = ()

    @property
    def key(self) -> str:
        """Name of its commit record: the same for the same bytes of the same input."""
        return ledger.document_id(self.name, self.start, self.end)


class Commit(NamedTuple):
    """What a range became: its files, and how many records met each fate."""

    key: str
    files: dict[str, File]
    counts: dict[str, int]


def storage_options(config: Config) -> StorageOptions:
    """Storage settings of the configuration, for archives and tables alike."""
    chosen = config.input
    return StorageOptions(
        endpoint_url=chosen.endpoint_url,
        anonymous=chosen.anonymous,
        region=chosen.region,
        retries=chosen.retries,
        timeout_s=chosen.timeout_s,
        paths_prefix=chosen.path_prefix,
    )


Task = Range | selected.Task
"""What one Spark task reads: a range of an archive, or chosen records of some."""


def extract(
    task: Task,
    config: Config,
    folder: Folder,
    commits: str,
    judge: screening.Addresses | None = None,
    earlier: Mapping[bytes, str] = MappingProxyType({}),
) -> Commit:
    """Extract a range, unless its commit record is there already.

    ``commits`` is the folder of commit records, ``judge`` what addresses are screened by,
    ``earlier`` the payloads that are known from earlier ranges. A second
    attempt at the same range writes other files and loses the race to commit; its files are swept
    when the stage ends.
    """
    done = committed(folder, commits, task.key)
    if done:
        return done
    without_pandas()
    large_apart()
    fresh = uuid.uuid4().hex[:12]
    counts: Counter[str] = Counter()
    held = quarantine.Held()
    screen = screening.RangeScreen(config.screen, judge, earlier)
    with (
        Writer(folder, f"documents/{task.key}-{fresh}.parquet", DOCUMENTS_SCHEMA) as pages,
        Writer(folder, f"ledger/{task.key}-{fresh}.parquet", LEDGER_SCHEMA) as rows,
    ):
        for batch in map(screen, batches(task, config)):
            ended, extracted = mill(batch, config)
            held.add(batch, ended)
            batch.clear()  # bodies and blocks, before texts are measured
            if extracted:
                pages.write(documents(extracted, tools(config), config))
            rows.write(pa.RecordBatch.from_pylist(ended, LEDGER_SCHEMA))
            counts.update(f"{r['fate']}:{r['reason'] or '-'}" for r in ended)
            counts.update(f"damage:{d}:{r['warc_file']}" for r in ended for d in ledger.damage(r))
            del ended, extracted
            give_back()
    files = {"documents": pages.file, "ledger": rows.file}
    if held.rows:
        path = f"{quarantine.TABLE}/{task.key}-{fresh}.parquet"
        with Writer(folder, path, quarantine.SCHEMA) as broken:
            broken.write(held.batch())
        files[quarantine.TABLE] = broken.file
    commit = Commit(task.key, files, dict(counts))
    if not folder.create(_record(commits, task.key), _encode(commit)):
        return decode(folder.read(_record(commits, task.key)))
    return commit


def committed(folder: Folder, commits: str, key: str) -> Commit | None:
    """The commit of a range, or None."""
    try:
        return decode(folder.read(_record(commits, key)))
    except FileNotFoundError:
        return None


def _record(commits: str, key: str) -> str:
    return f"{commits}/{key}.json"


def _encode(commit: Commit) -> bytes:
    files = {table: file._asdict() for table, file in commit.files.items()}
    return json.dumps(commit._asdict() | {"files": files}, sort_keys=True).encode()


def decode(content: bytes) -> Commit:
    """A commit from its record."""
    found = json.loads(content)
    files = {table: File(**file) for table, file in found["files"].items()}
    return Commit(found["key"], files, found["counts"])


def batches(task: Task, config: Config) -> Iterator[list[ledger.Screened]]:
    """Screened records in batches bounded by count and bytes."""
    batch: list[ledger.Screened] = []
    waiting = 0
    for screened in screened_records(task, config):
        batch.append(screened)
        waiting += len(screened.page.body) if screened.page else 0
        if len(batch) >= BATCH_PAGES or waiting >= BATCH_BYTES:
            yield batch
            batch, waiting = [], 0
    if batch:
        yield batch


def screened_records(task: Task, config: Config) -> Iterator[ledger.Screened]:
    """Every record of a task after the first look; an input that fails ends in a row of it."""
    limits = Limits(max_block_bytes=config.input.record_limit_mib << 20)
    also = also_read(config.text)
    if isinstance(task, selected.Task):
        yield from selected.screened_places(task, storage_options(config), limits, also)
        return
    if is_table_name(task.name):
        file = InputFile(task.uri, task.name, task.size, task.version, task.problem)
        group, options = Group(file, task.partners, task.unread), storage_options(config)
        most = limits.max_block_bytes
        yield from screened_lines(group, task.start, task.end, options, most, also)
        return
    if task.problem:
        yield ledger.Screened(ledger.file_row(task.name, task.problem, 0, max(task.size, 0)), None)
        return
    reached = task.start
    try:
        with closing(open_source(task.uri, storage_options(config))) as source:
            for record in records(source, task.start, task.end, limits):
                yield ledger.screen(record, task.name, also)
                reached = record.offset + record.length
    except ArchiveError as error:
        log.warning("%s: unreadable from byte %d: %s", task.name, reached, error.reason)
        rest = max(task.end - reached, 0)
        yield ledger.Screened(ledger.file_row(task.name, error.reason, reached, rest), None)


def also_read(text: Text) -> frozenset[str]:
    """Kinds of body a configuration reads beside HTML and plain text (``pipeline.formats``)."""
    return frozenset(kind for kind, on in (("feed", text.feeds), ("pdf", text.pdf)) if on)


def mill(
    screened: Iterable[ledger.Screened], config: Config
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Ledger rows, and the pages of those that gave text, through the sandbox."""
    rows: list[dict[str, Any]] = []
    pages: list[dict[str, Any]] = []
    languages = config.screen.languages
    child = sandbox(config.text)
    for row, page in screened:
        if page is None:
            rows.append(row)
            continue
        asked = page.header | {"only_text": True} if languages else page.header
        outcome = child.run(asked, page.body)
        result, failure = outcome.result, outcome.failure
        if result is None:
            row["notes"] += [outcome.error_class] if outcome.error_class else []
            rows.append(ledger.end(row, "failed", failure or "error"))
            continue
        row["notes"] += result.pop("reasons")
        refused = result.pop("refused", None)
        if refused or not result["text"]:
            fate = "failed" if refused in ledger.FAILED else "skipped"
            rows.append(ledger.end(row, fate, refused or "no_text"))
            continue
        rows.append(row)
        rights = page.columns["rights"] + result.pop("rights")
        pages.append({**page.columns, **result, "rights": rights})
    if languages and pages:
        return screening.wanted(rows, pages, languages, identifier(config.language), child.run)
    return rows, pages


OPTIONS = {"tables", "comments", "markdown", "links"}
"""Of the configuration's, those that are options of the extraction engines."""


@lru_cache(maxsize=1)
def sandbox(text: Text) -> Sandbox:
    """The worker process's guarded child; started once, reused by every task of the worker."""
    limits = SandboxLimits(time_s=text.time_limit_s, memory_bytes=text.memory_limit_mib << 20)
    settings = {
        "engine": text.engine,
        "settings": text.settings,
        "options": text.model_dump(include=OPTIONS, exclude_none=True),
    }
    return Sandbox("pipeline.page:factory", settings, limits, PROBE)


def tools(config: Config) -> Tools:
    """What the worker process measures with."""
    return Tools(
        identifier(config.language),
        _flagged(config.words, storage_options(config)),
        _tokens(config.text.tokenizer),
    )


@lru_cache(maxsize=1)
def _tokens(tokenizer: str) -> TokenCounter:
    return TokenCounter(tokenizer)


@lru_cache(maxsize=1)
def _flagged(words: Words, options: StorageOptions) -> WordLists:
    """The worker process's lists of flagged words, verified and read once."""
    return flagged_words(words, options).lists


@lru_cache(maxsize=1)
def identifier(language: Language) -> Identifier:
    """The worker process's language model, verified and loaded once."""
    return load(language_model(language))
