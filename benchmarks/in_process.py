"""One core, no Spark: where the time of the extract stage goes.

What runs is ``pipeline.extraction.extract`` itself, from archive to committed Parquet. Timers are
put around the functions it calls, under the names it calls them by, so no copy of the pipeline can
drift from it. The guarded child's task runs in this process here, else its parts could not be told
apart; the way to the child and back is measured by itself, with a child that replays recorded
answers.
"""

import gc
import json
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import psutil

from language_id.identify import Identifier
from pipeline import extraction, ledger, page, steps
from pipeline.archives import Limits, records
from pipeline.config import Config
from pipeline.extraction import Range
from pipeline.files import Folder
from pipeline.parquet import Writer
from pipeline.sandbox import Outcome, Sandbox, SandboxLimits
from pipeline.storage import open_source
from pipeline.tokens import TokenCounter

READ, HTTP, SCREEN = "read: inflate, parse", "HTTP decode", "screen: id, host, ledger row"
CHARSET, PRECHECKS, TEXT = "charset", "pre-checks", "text extraction"
CLEAN, PII, TOKENS, RIGHTS = "cleaning", "personal data", "token count", "rights signals"
LANGUAGE, WORDS, SIGNALS = "language", "kernels: words", "kernels: signals"
HASH, SIGNATURE = "kernels: text hash", "kernels: signature"
ARROW, WRITE, REST = "columns to Arrow", "ledger and Parquet write", "rest: batches, rows, glue"
ROUND_TRIP = "round trip to the guarded child"
STAGES = (
    READ, HTTP, SCREEN, CHARSET, PRECHECKS, TEXT, CLEAN, PII, TOKENS, RIGHTS, LANGUAGE, WORDS,
    SIGNALS, HASH, SIGNATURE, ARROW, WRITE, REST,
)  # fmt: skip
TIMED: tuple[tuple[Any, str, str], ...] = (
    (ledger, "screen", SCREEN),
    (ledger, "decode_response", HTTP),
    (ledger, "from_headers", RIGHTS),
    (page.precheck, "cut", PRECHECKS),
    (page.precheck, "is_binary", PRECHECKS),
    (page.precheck, "is_noise", PRECHECKS),
    (page.precheck, "check", PRECHECKS),
    (page, "cap_marks", PRECHECKS),
    (page.charset, "decode", CHARSET),
    (page, "from_html", RIGHTS),
    (page, "extract", TEXT),
    (page, "clean", CLEAN),
    (page.pii, "find", PII),
    (TokenCounter, "count", TOKENS),
    (Identifier, "identify", LANGUAGE),
    (steps, "tokenize", WORDS),
    (steps, "token_hashes", WORDS),
    (steps, "measure", SIGNALS),
    (steps, "text_hashes", HASH),
    (steps, "shingle_hashes", SIGNATURE),
    (steps, "signatures", SIGNATURE),
    (extraction, "documents", ARROW),
    (Writer, "__init__", WRITE),
    (Writer, "write", WRITE),
    (Writer, "__exit__", WRITE),
    (Folder, "create", WRITE),
)
"""Whose attribute it is, its name, the stage its time counts for (less what is timed within it)."""


class Time(NamedTuple):
    """Seconds."""

    cpu_s: float
    wall_s: float


class Clock:
    """Time by stage; at any moment exactly one stage's, the innermost."""

    def __init__(self) -> None:
        self.cpu_s: Counter[str] = Counter()
        self.wall_s: Counter[str] = Counter()
        self.switches = 0
        self._stages = [REST]
        self.start()

    def start(self) -> None:
        """Count from now."""
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def _switch(self) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        self.cpu_s[self._stages[-1]] += cpu - self._cpu
        self.wall_s[self._stages[-1]] += wall - self._wall
        self._cpu, self._wall = cpu, wall
        self.switches += 1

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        self._switch()
        self._stages.append(stage)
        try:
            yield
        finally:
            self._switch()
            self._stages.pop()

    def timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        @wraps(function)
        def wrapper(*arguments: Any, **named: Any) -> Any:
            with self.of(stage):
                return function(*arguments, **named)

        return wrapper

    def timed_steps(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """The same for a generator: its steps count, not what is done between them."""

        @wraps(function)
        def wrapper(*arguments: Any, **named: Any) -> Iterator[Any]:
            steps_of = iter(function(*arguments, **named))
            while True:
                with self.of(stage):
                    try:
                        found = next(steps_of)
                    except StopIteration:
                        return
                yield found

        return wrapper

    def finish(self) -> None:
        self._switch()


class Known:
    """Stands in for the sandbox: pages in process, except those known to fail in it."""

    def __init__(self, outcomes: list[Outcome], config: Config, *, check: bool = False) -> None:
        text = config.text
        self._task = page.factory(
            {"engine": text.engine, "settings": text.settings, "tokenizer": text.tokenizer}
        )
        self._outcomes, self._check = iter(outcomes), check

    def run(self, header: Mapping[str, Any], body: bytes) -> Outcome:
        known = next(self._outcomes)
        if known.result is None:
            return known
        result = self._task(header, body)
        if self._check and json.loads(json.dumps(result)) != known.result:
            raise SystemExit("a page gave another result in process than in the guarded child")
        return Outcome(result, None)


class Recorder:
    """Passes pages to the guarded child and keeps what went there and what came back."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.asked: list[tuple[dict[str, Any], bytes]] = []
        self.outcomes: list[Outcome] = []

    def run(self, header: dict[str, Any], body: bytes) -> Outcome:
        outcome = self._sandbox.run(header, body)
        self.asked.append((header, body))
        # a copy: the pipeline takes the result apart
        self.outcomes.append(outcome._replace(result=json.loads(json.dumps(outcome.result))))
        return outcome


def replay(settings: Mapping[str, Any]) -> Callable[[Mapping[str, Any], bytes], dict[str, Any]]:
    """Task of a child that answers what was recorded, at once."""
    results = iter([*json.loads(Path(settings["results"]).read_text("utf-8"))] * settings["times"])
    return lambda _header, _body: next(results)


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
        timers_s = clock.switches * _switch_s()
        guarded.append(_guarded(task, config, scratch, sandbox))
    sandbox.close()
    extraction.sandbox.cache_clear()
    failures = Counter(o.failure for o in outcomes if o.failure)
    found = Input(
        record_count, len(outcomes), counts.get("extracted:-", 0), dict(failures), block_bytes
    )
    return Split(found, stages, _round_trips(recorder, scratch, repeat), guarded, timers_s)


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
        reader = clock.timed_steps(extraction.records, READ)
        patches.enter_context(patch.object(extraction, "records", reader))
        yield


def _guarded(task: Range, config: Config, scratch: Path, sandbox: Sandbox) -> Time:
    """The stage as it runs in a worker: this process and its child, which is started and warm."""
    before, pid = _cpu_s(sandbox.pid), sandbox.pid
    start, own = time.perf_counter(), time.process_time()
    _extract(task, config, scratch, sandbox)
    wall_s, own_s = time.perf_counter() - start, time.process_time() - own
    same = pid is not None and sandbox.pid == pid
    return Time(own_s + _cpu_s(pid) - before if same else float("nan"), wall_s)


def _cpu_s(pid: int | None) -> float:
    if pid is None:
        return float("nan")
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def _round_trips(recorder: Recorder, scratch: Path, repeat: int) -> list[Time]:
    """Time of both processes to move every page to a child and its known result back."""
    pages = [
        (asked, o.result)
        for asked, o in zip(recorder.asked, recorder.outcomes, strict=True)
        if o.result is not None
    ]
    results = scratch / "results.json"
    results.write_text(json.dumps([result for _, result in pages]), "utf-8")
    settings = {"results": str(results), "times": repeat + 1}
    limits = SandboxLimits(recycle_after=(repeat + 1) * len(pages) + 1)
    measured = []
    with Sandbox("in_process:replay", settings, limits) as sandbox:
        for _ in range(repeat + 1):
            before, own, start = _cpu_s(sandbox.pid), time.process_time(), time.perf_counter()
            for (header, body), result in pages:
                if sandbox.run(header, body).result != result:
                    raise SystemExit("the replaying child lost its place")
            wall_s, own_s = time.perf_counter() - start, time.process_time() - own
            measured.append(Time(own_s + _cpu_s(sandbox.pid) - before, wall_s))
    results.unlink()
    return measured[1:]  # the first began with starting the child


def _blocks(archive: Path, config: Config) -> tuple[int, int]:
    """Bytes of all blocks, and count of records."""
    source = open_source(str(archive), extraction.storage_options(config))
    limits = Limits(max_block_bytes=config.input.record_limit_mib << 20)
    lengths = [len(r.block) for r in records(source, limits=limits) if r.kind == "record"]
    source.close()
    return sum(lengths), len(lengths)


def _switch_s() -> float:
    """Seconds that one look at the clocks takes."""
    clock, costs = Clock(), []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(2000):
            with clock.of(REST):
                pass
        costs.append((time.perf_counter() - start) / 4000)
    return statistics.median(costs)
