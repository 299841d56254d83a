"""One core, no Spark: where the time of the extract stage goes.

What runs is ``pipeline.extraction.extract`` itself, from archive to committed Parquet. Timers are
put around the functions it calls, under the names it calls them by, so no copy of the pipeline can
drift from it. The guarded child's task runs in this process here, else its parts could not be told
apart; the way to the child and back is measured by itself, with a child that replays recorded
answers.
"""

import gc
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from child import Known, Recorder, round_trips
from clock import REST, Clock, Time, cpu_s, switch_s

from filters import pii
from language_id.identify import Identifier
from pipeline import charset, extraction, ledger, page, precheck, steps
from pipeline.archives import Limits, records
from pipeline.config import Config
from pipeline.extraction import Range
from pipeline.files import Folder
from pipeline.parquet import Writer
from pipeline.sandbox import Sandbox
from pipeline.storage import open_source
from pipeline.tokens import TokenCounter

READ, HTTP, SCREEN = "read: inflate, parse", "HTTP decode", "screen: id, host, ledger row"
CHARSET, PRECHECKS, TEXT = "charset", "pre-checks", "text extraction"
CLEAN, PII, TOKENS, RIGHTS = "cleaning", "personal data", "token count", "rights signals"
LANGUAGE, WORDS, SIGNALS = "language", "kernels: words", "kernels: signals"
HASH, SIGNATURE = "kernels: text hash", "kernels: signature"
ARROW, WRITE = "columns to Arrow", "ledger and Parquet write"
ROUND_TRIP = "round trip to the guarded child"
STAGES = (
    READ, HTTP, SCREEN, CHARSET, PRECHECKS, TEXT, CLEAN, PII, TOKENS, RIGHTS, LANGUAGE, WORDS,
    SIGNALS, HASH, SIGNATURE, ARROW, WRITE, REST,
)  # fmt: skip
TIMED: tuple[tuple[Any, str, str], ...] = (
    (ledger, "screen", SCREEN),
    (ledger, "decode_response", HTTP),
    (ledger, "from_headers", RIGHTS),
    (precheck, "cut", PRECHECKS),
    (precheck, "is_binary", PRECHECKS),
    (precheck, "is_noise", PRECHECKS),
    (precheck, "check", PRECHECKS),
    (charset, "decode", CHARSET),
    (page, "from_html", RIGHTS),
    (page, "extract", TEXT),
    (page, "scan", TEXT),
    (page, "clean", CLEAN),
    (pii, "find", PII),
    (TokenCounter, "counts", TOKENS),
    (Identifier, "identify", LANGUAGE),
    (steps, "line_language_shares", LANGUAGE),
    (steps, "decoded", WORDS),
    (steps, "tokenize", WORDS),
    (steps, "token_hashes", WORDS),
    (steps, "but_repetition", SIGNALS),
    (steps, "repetition", SIGNALS),
    (steps, "text_hashes", HASH),
    (steps, "shingles_of", SIGNATURE),
    (steps, "signatures", SIGNATURE),
    (extraction, "documents", ARROW),
    (Writer, "__init__", WRITE),
    (Writer, "write", WRITE),
    (Writer, "__exit__", WRITE),
    (Folder, "create", WRITE),
)
"""Whose attribute it is, its name, the stage its time counts for (less what is timed within it)."""


class Input(NamedTuple):
    """What an archive holds."""

    record_count: int
    page_count: int
    document_count: int
    failures: dict[str, int]
    block_bytes: int
    """Inflated, without WARC headers."""


class Split(NamedTuple):
    """Measured: every run's time by stage, and in all; the pipeline with its guarded child."""

    input: Input
    stages: list[dict[str, Time]]
    round_trip: list[Time]
    guarded: list[Time]
    timers_s: float
    """CPU seconds that the timers themselves take in a run, within the figures."""

    def total(self, run: int) -> Time:
        """All stages in process and the round trip, for one run."""
        times = [*self.stages[run].values(), self.round_trip[run]]
        return Time(sum(t.cpu_s for t in times), sum(t.wall_s for t in times))

    @property
    def best(self) -> int:
        """The run that took the least CPU time."""
        return min(range(len(self.stages)), key=lambda run: self.total(run).cpu_s)


def measure(archive: Path, config: Config, scratch: Path, repeat: int) -> Split:
    """Time the extract stage on an archive, best of ``repeat`` left to the reader."""
    size = archive.stat().st_size
    task = Range(str(archive), archive.name, size, "", 0, size)
    block_bytes, record_count = _blocks(archive, config)
    sandbox = extraction.sandbox(config.text)
    recorder = Recorder(sandbox)
    _extract(task, config, scratch, recorder)
    outcomes = recorder.outcomes
    if not any(outcome.result for outcome in outcomes):
        raise SystemExit(f"{archive.name}: holds no page; nothing to measure")
    counts = _extract(task, config, scratch, Known(outcomes, config, check=True))
    gc.collect()
    gc.freeze()  # as the child does
    stages, guarded, timers_s = [], [], 0.0
    for _ in range(repeat):
        clock = Clock()
        in_process = Known(outcomes, config)
        with _timers(clock):
            _extract(task, config, scratch, in_process, clock)
        stages.append({s: Time(clock.cpu_s[s], clock.wall_s[s]) for s in STAGES})
        timers_s = clock.switches * switch_s()
        guarded.append(_guarded(task, config, scratch, sandbox))
    sandbox.close()
    extraction.sandbox.cache_clear()
    failures = Counter(str(o.failure) for o in outcomes if o.failure)
    found = Input(
        record_count, len(outcomes), counts.get("extracted:-", 0), dict(failures), block_bytes
    )
    return Split(found, stages, round_trips(recorder, scratch, repeat), guarded, timers_s)


def _extract(
    task: Range, config: Config, scratch: Path, sandbox: Any, clock: Clock | None = None
) -> dict[str, int]:
    """Counts by fate; ``sandbox`` in place of the guarded child, which is not started."""
    folder = scratch / "extracted"
    with patch.object(extraction, "sandbox", lambda _text: sandbox):
        if clock:
            clock.start()
        commit = extraction.extract(task, config, Folder(str(folder)), "commits")
        if clock:
            clock.finish()
    shutil.rmtree(folder)
    return commit.counts


@contextmanager
def _timers(clock: Clock) -> Iterator[None]:
    with ExitStack() as patches:
        for owner, name, stage in TIMED:
            timed = clock.timed(getattr(owner, name), stage)
            patches.enter_context(patch.object(owner, name, timed))
        reader = clock.timed_steps(records, READ)
        patches.enter_context(patch.object(extraction, "records", reader))
        yield


def _guarded(task: Range, config: Config, scratch: Path, sandbox: Sandbox) -> Time:
    """The stage as it runs in a worker: this process and its child, which is started and warm."""
    before, pid = cpu_s(sandbox.pid), sandbox.pid
    start, own = time.perf_counter(), time.process_time()
    _extract(task, config, scratch, sandbox)
    wall_s, own_s = time.perf_counter() - start, time.process_time() - own
    same = pid is not None and sandbox.pid == pid
    return Time(own_s + cpu_s(pid) - before if same else float("nan"), wall_s)


def _blocks(archive: Path, config: Config) -> tuple[int, int]:
    """Bytes of all blocks, and count of records."""
    source = open_source(str(archive), extraction.storage_options(config))
    limits = Limits(max_block_bytes=config.input.record_limit_mib << 20)
    lengths = [len(r.block) for r in records(source, limits=limits) if r.kind == "record"]
    source.close()
    return sum(lengths), len(lengths)
