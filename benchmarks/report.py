"""The figures as Markdown."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import whole_job
from clock import Time
from in_process import ROUND_TRIP, STAGES, Split
from whole_job import CHILD, CURATE, DEDUPLICATE, EXTRACT, JVM, PARTS, ROLES, WORKER, Job

MIB = 1 << 20
NAMES = {
    whole_job.START: "start: Python, JVM, Spark, until the first worker",
    EXTRACT: "extract, with the start of the worker and its child",
    DEDUPLICATE: "deduplicate",
    CURATE: "curate",
    whole_job.END: "end",
}


class Measured(NamedTuple):
    title: str
    bytes: int
    sha256: str
    split: Split
    jobs: list[Job]


def document(
    every: Sequence[Measured], repeats: tuple[int, int], facts: Sequence[str]
) -> list[str]:
    lines = ["# End to end", "", "Made by `benchmarks/end_to_end.py`; `../README.md` says what is "]
    lines[-1] += f"measured, and what is not. Best of {repeats[0]} "
    lines[-1] += f"(on one core) and {repeats[1]} (the job) runs; brackets hold least and most."
    lines += ["", *(f"- {fact}" for fact in facts), "", *_inputs(every)]
    lines += ["", "## In short", "", *_short(every)]
    for one in every:
        lines += ["", f"## {one.title}", "", "### One core, no Spark: extract by stage", ""]
        lines += _stages(one)
        if one.jobs:
            lines += ["", "### `corpusmill mill --master local[1]`", "", *_job(one)]
    return lines


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return [f"| {' | '.join(row)} |" for row in (head, ruler, *rows)]


def _inputs(every: Sequence[Measured]) -> list[str]:
    head = ["input", "MB", "inflated MB", "records", "pages", "documents", "failed", "SHA-256"]
    rows = []
    for one in every:
        found = one.split.input
        failed = ", ".join(f"{count} {why}" for why, count in sorted(found.failures.items()))
        counts = (found.record_count, found.page_count, found.document_count)
        sizes = [f"{one.bytes / 1e6:.2f}", f"{found.block_bytes / 1e6:.2f}"]
        told = [f"{count:,}" for count in counts]
        rows.append([one.title, *sizes, *told, failed or "0", f"`{one.sha256}`"])
    return _table(head, rows)


def _short(every: Sequence[Measured]) -> list[str]:
    head = ["", *(one.title for one in every)]
    rows = [
        ["extract: pages per second and core", *(f"{_rate(m):.0f}" for m in every)],
        [
            "extract: MB of WARC per second and core",
            *(f"{_mb(m.bytes, _best(m)):.2f}" for m in every),
        ],
        [
            "the same, inflated",
            *(f"{_mb(m.split.input.block_bytes, _best(m)):.2f}" for m in every),
        ],
    ]
    if all(m.jobs for m in every):
        rows += [
            ["all three stages under Spark: pages per second, one task at a time"]
            + [f"{m.split.input.page_count / _fastest(m.jobs).stages_s():.1f}" for m in every],
            ["whole command: pages per CPU second, JVM and start included"]
            + [f"{m.split.input.page_count / _leanest(m.jobs).total_cpu_s():.1f}" for m in every],
            *(
                [f"peak memory, {role}", *(f"{_peak(m.jobs, role):.0f} MiB" for m in every)]
                for role in (WORKER, CHILD, JVM)
            ),
        ]
    return _table(head, rows)


def _best(one: Measured) -> Time:
    return one.split.total(one.split.best)


def _rate(one: Measured) -> float:
    return one.split.input.page_count / _best(one).cpu_s


def _mb(size: int, time: Time) -> float:
    return size / 1e6 / time.cpu_s


def _fastest(jobs: Sequence[Job]) -> Job:
    return min(jobs, key=Job.stages_s)


def _leanest(jobs: Sequence[Job]) -> Job:
    return min(jobs, key=Job.total_cpu_s)


def _peak(jobs: Sequence[Job], role: str) -> float:
    return max(job.peak_bytes.get(role, 0) for job in jobs) / MIB


def _stages(one: Measured) -> list[str]:
    split = one.split
    runs = range(len(split.stages))
    whole = _best(one)
    head = ["stage", "CPU ms a page", "[least, most]", "share", "wall ms a page"]
    head += ["pages/s", "MB/s", "inflated MB/s"]

    def row(name: str, best: Time, every: Sequence[Time]) -> list[str]:
        pages = max(1, split.input.page_count)
        spread = [time.cpu_s * 1000 / pages for time in every]
        cells = [f"{best.cpu_s * 1000 / pages:.3f}", f"[{min(spread):.3f}, {max(spread):.3f}]"]
        cells += [f"{best.cpu_s / whole.cpu_s:.1%}", f"{best.wall_s * 1000 / pages:.3f}"]
        if best.cpu_s <= 0:
            return [name, *cells, "-", "-", "-"]
        sizes = (one.bytes, split.input.block_bytes)
        speeds = [_figure(size / 1e6 / best.cpu_s) for size in sizes]
        return [name, *cells, _figure(pages / best.cpu_s), *speeds]

    rows = [row(s, split.stages[split.best][s], [run[s] for run in split.stages]) for s in STAGES]
    rows.append(row(ROUND_TRIP, split.round_trip[split.best], split.round_trip))
    rows.append(row("**extract**", whole, [split.total(run) for run in runs]))
    guarded = min(split.guarded, key=lambda time: time.cpu_s)
    rows.append(row("untimed, with the real child", guarded, split.guarded))
    pages = max(1, split.input.page_count)
    gaps = [
        (guarded.cpu_s - sum(time.cpu_s for time in run.values())) * 1000 / pages
        for run in split.stages
    ]
    return [
        *_table(head, rows),
        "",
        f"Of the figures, {split.timers_s * 1000 / pages:.3f} ms a page are the timers' own. "
        f"The round trip as a difference (with the real child less all stages in process): "
        f"[{min(gaps):.3f}, {max(gaps):.3f}] CPU ms a page.",
    ]


def _figure(value: float) -> str:
    """About three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _job(one: Measured) -> list[str]:
    jobs, pages = one.jobs, one.split.input.page_count
    best = _fastest(jobs)
    head = ["part", "wall s", "[least, most]", "pages/s", "CPU s", *(f"CPU s: {r}" for r in ROLES)]

    def row(name: str, parts: Sequence[str]) -> list[str]:
        walls = [sum(job.wall_s[part] for part in parts) for job in jobs]
        wall_s = sum(best.wall_s[part] for part in parts)
        cpu = {role: sum(best.cpu_s[part][role] for part in parts) for role in ROLES}
        idle = set(parts) <= {whole_job.START, whole_job.END}
        speed = "-" if idle else f"{pages / wall_s:.1f}"
        cells = [f"{wall_s:.1f}", f"[{min(walls):.1f}, {max(walls):.1f}]", speed]
        return [name, *cells, f"{sum(cpu.values()):.1f}", *(f"{cpu[r]:.1f}" for r in ROLES)]

    rows = [row(NAMES[part], [part]) for part in PARTS]
    rows.append(row("**three stages**", [EXTRACT, DEDUPLICATE, CURATE]))
    rows.append(row("**whole command**", PARTS))
    memory = [[role, f"{_peak(jobs, role):.0f}"] for role in ROLES]
    together = max(job.together_bytes for job in jobs) / MIB
    kept = best.counts.get("kept", 0)
    return [
        *_table(head, rows),
        "",
        *_table(["process", "peak MiB of one"], memory),
        "",
        f"All processes at once: at most {together:.0f} MiB (pages they share count in each). "
        f"Spark started {max(job.worker_count for job in jobs)} Python workers. "
        f"From the worker daemon's start to the first guarded child's: {best.child_after_s:.1f} s. "
        f"Kept: {kept:,} of {best.counts.get('documents', 0):,} documents.",
    ]
