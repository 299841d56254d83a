"""``corpusmill explain``: one page's way through the mill, without Spark.

The same functions as the job's, on one record. The text printed is the user's own request; nothing
of it is logged.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

from filters.pii import Span, mask
from filters.rules import Rule, bound
from filters.url_rules import URL_SIGNALS
from jobs import copies
from jobs.console import plain
from pipeline import extraction, ledger, pdf, table_files
from pipeline.config import Config
from pipeline.criteria import Criteria, criteria
from pipeline.derived import DERIVED
from pipeline.edits import removals
from pipeline.extraction import Range
from pipeline.files import Folder
from pipeline.judging import judgement, signal_columns
from pipeline.models import model_checksums
from pipeline.schema import MEASURES, OPT_OUTS
from pipeline.steps import documents

SHOWN_CHARS = 600


def run(
    config: Config,
    archive: str,
    url: str | None,
    offset: int | None,
    console: Console,
    milled: Folder | None = None,
) -> bool:
    """Explain every record of the URL, or the one at the offset; whether there was one.

    A table's line is its offset. Without either, list the archive's pages. With the output folder
    of a run, show what that did with the page, and its copies.
    """
    if milled is not None:
        copies.required(milled)
    model_checksums(config)  # tells what is wrong with a model before any page is read
    pdf.installed(wanted=config.text.pdf)
    judge = criteria(config, extraction.storage_options(config))
    group = table_files.whole(archive, extraction.storage_options(config))
    file = group.file
    task = Range(*file[:4], 0, file.size, file.problem, *group[1:])
    found = False
    for screened in extraction.screened_records(task, config):
        row = screened.row
        place = row["line"] or row["warc_offset"]
        if url is None and offset is None:
            found = True
            line = f"{place:>12} {row['fate']:<10} {row['reason'] or '-':<24} "
            console.print(Text(line + plain(row["url"])), soft_wrap=True)
        elif (url is not None and row["url"] == url) or place == offset:
            found = True
            _explain(screened, config, judge, console)
            if milled is not None and not copies.show(console, milled, archive, place):
                console.print(f"{milled.uri} holds no document of it.", markup=False)
    return found


def one(screened: ledger.Screened, config: Config, console: Console) -> None:
    """Explain a record that is at hand."""
    model_checksums(config)
    _explain(screened, config, criteria(config, extraction.storage_options(config)), console)


def _explain(screened: ledger.Screened, config: Config, judge: Criteria, console: Console) -> None:
    rows, pages = extraction.mill([screened], config)
    row = rows[0]
    _fields(console, "Record", row, ("fate", "reason", "notes", "doc_id"))
    if not pages:
        _fate(console, row["fate"], row["reason"])
        return
    batch = documents(pages, extraction.tools(config), config)
    page = batch.to_pylist()[0]
    _fields(console, "Page", {k: page[k] for k in _PAGE}, ())
    spans = [Span(s["start"], s["end"], s["kind"]) for s in page["pii"]]
    masked, _ = mask(page["text"], spans) if config.personal_data.mask else (page["text"], [])
    more = " …" if len(masked) > SHOWN_CHARS else ""
    console.print(Text(plain(masked[:SHOWN_CHARS], keep="\n") + more))
    for number, top in enumerate(page["lang_top"], 1):
        console.print(f"  language {number}: {top['label']} {top['score']:.3f}", highlight=False)
    for kind in sorted({span.kind for span in spans}):
        console.print(f"  masked {kind}: {sum(s.kind == kind for s in spans)}", highlight=False)
    for signal in page["rights"]:
        line = f"  rights {signal['source']}: {signal['name']} = {signal['value']}"
        console.print(Text(plain(line)), soft_wrap=True)
    _edits(console, batch, config.edits.steps)
    columns, verdict = signal_columns(batch, judge), judgement(batch, judge)
    page |= {name: columns[name][0] for name in DERIVED & columns.keys()}
    failed = [
        name for name, fails in zip(judge.names, verdict.failures[:, 0], strict=True) if fails
    ]
    console.print(_signals(page, judge.rules, set(failed)))
    _fate(console, "rejected" if failed else "passes", failed[0] if failed else None)


def _edits(console: Console, batch: pa.RecordBatch, steps: tuple[str, ...]) -> None:
    """What line edits remove, or would where none are configured, per kind."""
    langs = batch.column("lang").to_pylist()
    gone = removals(batch.column("text"), langs, steps or ("c4", "refinedweb"))[0]
    verb = "removed by edits" if steps else "edits would remove"
    for kind, count in sorted(Counter(piece.kind for piece in gone).items()):
        console.print(f"  {verb}: {kind} {count}", highlight=False)


_PAGE = (
    "source_type", "charset", "charset_source", "html_lang", "title", "page_date", "text_chars",
    "token_count", "lang", "lang_score", "truncated",
)  # fmt: skip


def _fields(console: Console, title: str, values: dict[str, Any], last: Iterable[str]) -> None:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        show_header=False,
        pad_edge=False,
    )
    for name in [*(n for n in values if n not in last), *last]:
        value = values[name]
        if value not in (None, []):
            table.add_row(name, Text(plain(str(value))))
    console.print(table)


def _signals(page: dict[str, Any], rules: tuple[Rule, ...], failed: set[str]) -> Table:
    """Every signal beside the bounds of the rules that look at it."""
    table = Table(
        title="Signals and rules",
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
    )
    for column in ("signal", "value", "bounds", "rule", ""):
        right = column == "value"
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    stored = ("lang_score", "quality_score", *(c.name for c in (*MEASURES, *OPT_OUTS)))
    for name in (*stored, *(s.name for s in URL_SIGNALS if s.name in page)):
        watching = [rule for rule in rules if rule.signal == name]
        value = page[name]
        shown = "-" if value is None else f"{value:.4g}"
        if not watching:
            table.add_row(name, shown, "", "", "")
        for rule in watching:
            mark = "[red]rejects[/]" if rule.name in failed else "[green]passes[/]"
            table.add_row(name, shown, _bounds(rule, page["lang"]), rule.name, mark)
    return table


def _bounds(rule: Rule, lang: str) -> str:
    low, high = (bound(bounds, lang) for bounds in (rule.low, rule.high))
    return " .. ".join("" if b is None else f"{b:g}" for b in (low, high))


def _fate(console: Console, fate: str, reason: str | None) -> None:
    console.print(f"[bold]{fate}[/]" + (f" by {reason}" if reason else ""), highlight=False)
    if fate == "passes":
        console.print("Whether a better copy exists is decided over the whole corpus.")
