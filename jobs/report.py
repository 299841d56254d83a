"""The funnel as tables for a terminal."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table

from pipeline import parquet
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.ledger import SCREENED
from pipeline.stats import total

Rows = Sequence[dict[str, Any]]
LEFT_OUT = {f"skipped.{reason}" for reason in SCREENED}
DROPPED = ("language", "rules", "duplicates")


def funnel_rows(folder: Folder) -> list[dict[str, Any]]:
    """Rows of the published funnel; ConfigError where nothing is published."""
    try:
        found = list(parquet.batches(folder, "stats/funnel.parquet"))
    except FileNotFoundError:
        raise ConfigError(
            f"{folder.uri}: nothing is published here; `corpusmill mill` makes it"
        ) from None
    return [row for batch in found for row in batch.to_pylist()]


def show_run(console: Console, folder: Folder) -> None:
    """Print what a run published: the funnel, what was cut from texts, what was masked."""
    show(console, funnel_rows(folder))
    show_cut(console, folder)
    counts = ", ".join(f"{kind} {count:,}" for kind, count in masked(folder).items())
    console.print(f"Masked in the corpus: {counts or 'nothing'}", highlight=False)


def show(console: Console, rows: Rows, lang: str | None = None) -> None:
    """Print the funnel: stages, then languages, then reasons; one language's only if named."""
    chosen = [r for r in rows if lang is None or r["lang"] == lang]
    parts: list[RenderableType] = [_stages(rows)] if lang is None else []
    for table in (*parts, _languages(chosen), _reasons(chosen)):
        console.print(table)


def masked(folder: Folder) -> dict[str, int]:
    """Places masked in the corpus, per kind of personal data."""
    counts: dict[str, int] = defaultdict(int)
    for batch in parquet.batches(folder, "stats/personal_data.parquet"):
        for row in batch.to_pylist():
            counts[row["kind"]] += row["spans"]
    return dict(sorted(counts.items()))


def cut(folder: Folder) -> Rows:
    """What was removed from texts of the corpus, by kind over all languages, most first."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    name = "stats/edits.parquet"
    for batch in parquet.batches(folder, name) if folder.exists(name) else ():
        for row in batch.to_pylist():
            own = sums[row["kind"]]
            own[0] += row["documents"]
            own[1] += row["chars"]
    rows = [{"kind": kind, "documents": n, "chars": chars} for kind, (n, chars) in sums.items()]
    return sorted(rows, key=lambda row: (-row["chars"], row["kind"]))


def show_cut(console: Console, folder: Folder) -> None:
    """Print what was removed from texts of the corpus; nothing where nothing was."""
    rows = cut(folder)
    table = _table("Cut from kept texts", "", "documents", "characters")
    for row in rows:
        table.add_row(row["kind"], f"{row['documents']:,}", f"{row['chars']:,}")
    if rows:
        console.print(table)


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _stages(rows: Rows) -> Table:
    table = _table("Funnel", "", "documents", "share")
    read = total(rows, stage="read")
    failed = _sum(rows, lambda r: r["stage"] == "extract" and r["reason"].startswith("failed."))
    skipped = _sum(rows, lambda r: r["stage"] == "extract" and r["reason"].startswith("skipped."))
    left_out = _left_out(rows)
    kept = total(rows, stage="kept")
    removed = [(stage, total(rows, stage=stage)) for stage in DROPPED]
    extracted = kept + sum(n for _, n in removed)
    lines = [
        ("records read", read),
        ("  skipped: hold no text", skipped - left_out),
        *([("  left out by \\[screen]", left_out)] if left_out else []),
        ("  failed", failed),
        ("extracted", extracted),
        *((f"  {_LOST[stage]}", n) for stage, n in removed),
        ("kept", kept),
    ]
    for name, count in lines:
        table.add_row(name, f"{count:,}", f"{count / read:.1%}" if read else "")
    return table


_LOST = {
    "language": "rejected: language",
    "rules": "rejected: rules",
    "duplicates": "rejected: duplicates",
}


def _sum(rows: Rows, wanted: Callable[[dict[str, Any]], bool]) -> int:
    return sum(row["documents"] for row in rows if wanted(row))


def _left_out(rows: Rows) -> int:
    return _sum(rows, lambda row: row["reason"] in LEFT_OUT)


def _languages(rows: Rows) -> Table:
    screened = any(row["lang"] and row["reason"] in LEFT_OUT for row in rows)
    columns = ("extracted", *DROPPED, "kept", "words", "tokens")
    table = _table("Languages", "", *(["left out"] if screened else []), *columns)
    by_lang: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["lang"]:
            by_lang[row["lang"]].append(row)
    for lang, own in sorted(
        by_lang.items(), key=lambda item: (-total(item[1], "tokens", stage="kept"), item[0])
    ):
        counts = [total(own, stage=stage) for stage in (*DROPPED, "kept")]
        kept = [total(own, measure, stage="kept") for measure in ("words", "tokens")]
        before = [_left_out(own)] if screened else []
        shown = (*before, sum(counts), *counts, *kept)
        table.add_row(lang, *(f"{n:,}" if n else "-" for n in shown))
    return table


def _reasons(rows: Rows) -> Table:
    table = _table("Reasons", "", "documents", "tokens")
    lost: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row["stage"] not in ("read", "kept"):
            lost[row["reason"]][0] += row["documents"]
            lost[row["reason"]][1] += row["tokens"] or 0
    for reason, (documents, tokens) in sorted(
        lost.items(), key=lambda item: (-item[1][0], item[0])
    ):
        table.add_row(reason, f"{documents:,}", f"{tokens:,}" if tokens else "-")
    return table
