"""The runs of ``cluster_scale.py`` as Markdown: figures, exponents, cost of a document."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow
import pyspark
from end_to_end import _machine as machine
from whole_job import JVM, WORKER

Run = Mapping[str, Any]
MOST_EXPONENT = 1.1
CARRIED_TO = (2_500_000_000, 20_000_000_000)
MIB = 1 << 20


def document(runs: Sequence[Run]) -> list[str]:
    """Lines of the report; a size run twice counts as it ran last."""
    alone = [r for r in runs if not r.get("older")]
    against = [r for r in runs if r.get("older")]
    one_task = _last(r for r in alone if r["edge_cap"] is None)
    rounds = _last(r for r in alone if r["edge_cap"] is not None)
    lines = ["# Clusters at scale", ""]
    lines += [
        "Made by `benchmarks/cluster_scale.py`; [`docs/scale.md`](../../docs/scale.md) carries",
        "the figures further and says what they do not show. Each is `corpusmill deduplicate` in a",
        "process of its own over documents made by `planted.py`.",
        "",
    ]
    lines += [f"- {fact}" for fact in _facts(one_task or rounds or against)]
    for title, some in (("Finished in one task", one_task), ("Rounds (`edge_cap = 0`)", rounds)):
        if some:
            lines += ["", f"## {title}", "", *_figures(some)]
    if against:
        lines += ["", "## Against older documents", "", *_against(against)]
    lines += ["", *NOTES]
    if len(one_task) > 1:
        lines += ["", "## Growth", "", *_growth(one_task)]
    if one_task:
        lines += ["", "## Carried further", "", *_carried(one_task)]
    for last in (one_task or against)[-1:]:
        lines += ["", "## Spark's stages, largest size", "", *_stages(last)]
    return lines


def _against(runs: Sequence[Run]) -> list[str]:
    """Runs that older documents were known to, each below the run that made the older ones."""
    names = ["", "older", *COLUMNS, "older found", "of other families"]
    rows = [names, ["---"] + ["---:"] * (len(names) - 1)]
    for run in runs:
        before = run["older_run"]
        cells = [cell(before) for cell in COLUMNS.values()]
        rows.append(["the older alone", "0", *cells, "", ""])
        cells = [cell(run) for cell in COLUMNS.values()]
        known = f"{run['known']:,} of {run['known_expected']:,}"
        rows.append(["against them", f"{run['older']:,}", *cells, known, f"{run['known_mixed']:,}"])
    return [
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
        "Both are parts of one plan, so families reach over both. *Older found*: older documents",
        "in clusters of the newer, of those in families that have newer ones. All older documents",
        "with the text of a newer one are among them, each under that text; else the run fails.",
    ]


def _last(runs: Any) -> list[Run]:
    by_size: dict[int, Run] = {}
    for run in runs:
        by_size[run["documents"]] = run
    return [by_size[size] for size in sorted(by_size)]


def _facts(runs: Sequence[Run]) -> list[str]:
    loads = [load for run in runs for load in run["load"]]
    return [
        *machine(),
        f"pyspark {pyspark.__version__}, pyarrow {pyarrow.__version__}, NumPy {np.__version__}",
        f"{runs[0]['date']} to {runs[-1]['date']}; `{runs[0]['master']}`, heap {runs[0]['heap']}",
        f"load average {min(loads):.0f} to {max(loads):.0f}: where it is above 2 others ran "
        "beside, so wall seconds say little and CPU seconds are too many",
    ]


def _edges(run: Run) -> str:
    counts = [line.split()[1] for line in run["rounds"]]
    return " → ".join(f"{int(count):,}" for count in counts)


NOTES = [
    "CPU is of all processes, from start to end, starting Python, the JVM and Spark included.",
    "Memory is each process's peak resident set, and the most of all together at one of the",
    "looks, one or two a second, where a page that n processes share counts 1/n in each (Pss;",
    "empty: not looked at). *Links found*: of those needed to connect every planted family;",
    "similarities are drawn from 0.75 to 1, and at 0.75 a pair shares a band with a chance of",
    "0.77. *Mixed*: documents in a cluster of another family. *Spilled*",
    "is by Spark; runs that a task with more than 256 MiB of rows sorts on its disk are in no",
    "column.",
]
COLUMNS: dict[str, Callable[[Run], str]] = {
    "documents": lambda r: f"{r['documents']:,}",
    "largest cluster": lambda r: f"{r['largest']:,}",
    "wall s": lambda r: f"{r['wall_s']:,.0f}",
    "CPU s": lambda r: f"{r['cpu_s']:,.0f}",
    "of it JVM": lambda r: f"{r['jvm_cpu_s']:,.0f}",
    "Python workers": lambda r: f"{r['worker_cpu_s']:,.0f}",
    "shuffled MB": lambda r: f"{r['shuffle_written'] / 1e6:,.0f}",
    "read MB": lambda r: f"{r['shuffle_read'] / 1e6:,.0f}",
    "spilled MB": lambda r: f"{r['spilled'] / 1e6:,.0f}",
    "local disk MB": lambda r: f"{r['most_disk'] / 1e6:,.0f}",
    "JVM MiB": lambda r: f"{r['peak_bytes'].get(JVM, 0) / MIB:,.0f}",
    "worker MiB": lambda r: f"{r['peak_bytes'].get(WORKER, 0) / MIB:,.0f}",
    "all MiB": lambda r: f"{r['proportional_bytes'] / MIB:,.0f}" if r["proportional_bytes"] else "",
    "edges left": _edges,
    "rounds": lambda r: str(sum("after round" in line for line in r["rounds"])),
    "links found": lambda r: f"{r['joined'] / max(1, r['links']):.1%}",
    "mixed": lambda r: f"{r['mixed']:,}",
}


def _figures(runs: Sequence[Run]) -> list[str]:
    rows = [list(COLUMNS), ["---:"] * len(COLUMNS)]
    rows += [[cell(run) for cell in COLUMNS.values()] for run in runs]
    return ["| " + " | ".join(row) + " |" for row in rows]


def _growth(runs: Sequence[Run]) -> list[str]:
    lines = ["| | exponent | a document, between the two largest |", "|---|---:|---:|"]
    size = np.array([run["documents"] for run in runs], np.float64)
    for name, key, scale, unit in (
        ("CPU", "cpu_s", 1e6, "µs"),
        ("wall", "wall_s", 1e6, "µs"),
        ("bytes shuffled", "shuffle_written", 1, "B"),
        ("local disk", "most_disk", 1, "B"),
    ):
        value = np.array([run[key] for run in runs], np.float64)
        exponent = float(np.polyfit(np.log(size), np.log(value), 1)[0])
        each = scale * float((value[-1] - value[-2]) / (size[-1] - size[-2]))
        verdict = "" if exponent <= MOST_EXPONENT else f" (above {MOST_EXPONENT})"
        lines.append(f"| {name} | {exponent:.2f}{verdict} | {each:,.0f} {unit} |")
    return [
        *lines,
        "",
        "Exponents are least squares over the logarithms of all sizes; what a run costs once pulls",
        "them down, which the difference between two sizes is free of.",
    ]


def _carried(runs: Sequence[Run]) -> list[str]:
    """Arithmetic on the cost of one more document, between the two largest sizes."""
    last, before = runs[-1], runs[-2] if len(runs) > 1 else dict.fromkeys(runs[0], 0)
    more = last["documents"] - before["documents"]
    cpu, written = ((last[key] - before[key]) / more for key in ("cpu_s", "shuffle_written"))
    lines = [
        f"One more document: {1e6 * cpu:,.0f} µs of CPU, {written:,.0f} bytes written to shuffles"
        + (" (one size only, so with what a run costs once)." if len(runs) == 1 else "."),
        "",
        "| documents | core hours | shuffled |",
        "|---:|---:|---:|",
    ]
    return lines + [
        f"| {documents:,} | {documents:,} × {1e6 * cpu:,.0f} µs / 3600 s = "
        f"{documents * cpu / 3600:,.0f} | {documents * written / 1e12:,.1f} TB |"
        for documents in CARRIED_TO
    ]


def _stages(run: Run) -> list[str]:
    lines = ["| stage | tasks | wall s | of tasks s | shuffled MB | rows |"]
    lines.append("|---:|---:|---:|---:|---:|---:|")
    return lines + [
        f"| {s['number']} | {s['tasks']} | {s['wall_s']:,.1f} | {s['run_s']:,.1f} | "
        f"{s['shuffle_written'] / 1e6:,.1f} | {s['shuffle_rows']:,} |"
        for s in run["spark_stages"]
    ]
