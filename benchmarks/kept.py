"""Which pages the rules keep, by the engine that made their text, and beside people's text.

Pages of the sets of ``extraction.py``, the default preset's rules, duplicates aside. "Plain" is
``trafilatura.extract`` over the decoded page, which no pre-check has seen: beside the row
"trafilatura, balanced", the same engine and settings in the pipeline, it shows what the pre-checks
change. "As people's" is the share of the press releases that are on the same side as with the text
that people copied: its lines are its blocks, white space in them single.

What it does not show: which of two texts is better where there is no human one; there most pages
that change sides are near 50 words, or lists.
"""

import argparse
import json
import logging
import lzma
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from extraction import DATA, SETS
from lxml.html import fromstring
from text_quality import BLOCKS, ENGINES
from trafilatura import extract as plain

from pipeline import charset, extraction, ledger, precheck
from pipeline.clean import clean
from pipeline.config import Config, load
from pipeline.criteria import criteria
from pipeline.extraction import Range
from pipeline.judging import judgement
from pipeline.steps import documents
from pipeline.text import extract
from pipeline.text_settings import TextSettings

RESULTS = Path(__file__).resolve().parent / "results" / "kept.md"
OWN = "corpusmill"
PLAIN = "trafilatura, plain"
NOTHING: dict[str, Any] = {
    "markdown": None, "title": None, "page_date": None, "html_lang": None, "pii": [],
    "charset": None, "charset_source": None, "rights": [],
}  # fmt: skip
"""What no rule of the default preset looks at."""
_SPACE = re.compile(r"\s+")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", nargs="*", default=list(SETS), choices=SETS, help="default: all")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    config = load()
    lines = [
        "# Which pages stay, by engine",
        "",
        "Made by `benchmarks/kept.py`, which says what is measured and what is not.",
        "",
        f"- {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores; trafilatura "
        f"{version('trafilatura')}, resiliparse {version('resiliparse')}",
        "",
        "| set | text | pages | kept | on the same side as corpusmill's | as plain trafilatura's "
        "| as people's |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for name in arguments.set:
        lines += _rows(name, config)
    text = "\n".join(lines) + "\n"
    print(text)
    arguments.output.write_text(text, "utf-8")


def _rows(name: str, config: Config) -> list[str]:
    pages = [page for path in SETS[name] for page in _pages(DATA / path, config)]
    kept = {engine: _kept(pages, _texts(pages, s), config) for engine, s in ENGINES.items()}
    kept[PLAIN] = _kept(pages, [plain(_html(page)) or "" for page in pages], config)
    if name == "europa":
        people = _people()
        kept["people's"] = _kept(pages, [people.get(p.columns["url"], "") for p in pages], config)
    lines = []
    for engine, own in kept.items():
        figures = [f"{len(pages):,}", f"{sum(own):,}", _same(own, kept[OWN])]
        figures.append(_same(own, kept[PLAIN]))
        figures.append(_same(own, kept["people's"]) if "people's" in kept else "")
        lines.append(f"| {name} | {engine} | {' | '.join(figures)} |")
    return lines


def _same(one: Sequence[bool], other: Sequence[bool]) -> str:
    return f"{sum(a == b for a, b in zip(one, other, strict=True)) / len(one):.1%}"


def _pages(path: Path, config: Config) -> list[ledger.Page]:
    size = path.stat().st_size
    task = Range(str(path), path.name, size, "", 0, size)
    found = (screened.page for screened in extraction.screened_records(task, config))
    return [page for page in found if page and page.header["kind"] == "html"]


def _html(page: ledger.Page) -> str:
    return charset.decode(page.body, page.header["header_charset"], True).text


def _texts(pages: Sequence[ledger.Page], settings: TextSettings) -> list[str]:
    texts = []
    for page in pages:
        html = _html(page)
        if settings.engine != OWN:
            html = precheck.check(html).html or ""
        texts.append(extract(html, None, settings).text)
    return texts


def _people() -> dict[str, str]:
    """Human texts by address, a block a line."""
    found = {}
    with lzma.open(DATA / "europa" / "gold.jsonl.xz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            found[row["url"]] = _blocks(row["gold"])
    return found


def _blocks(markup: str) -> str:
    tree = fromstring(f"<div>{markup}</div>")
    for element in tree.iter():
        element.text = _SPACE.sub(" ", element.text or "")
        element.tail = _SPACE.sub(" ", element.tail or "")
    for element in tree.iter(*BLOCKS):
        element.text, element.tail = f"\n{element.text}", f"\n{element.tail}"
    lines = (line.strip() for line in str(tree.text_content()).split("\n"))
    return "\n".join(line for line in lines if line)


def _kept(pages: Sequence[ledger.Page], texts: Sequence[str], config: Config) -> list[bool]:
    """Whether the rules keep each page with that text; one without text they do not."""
    cleaned = [clean(text) for text in texts]
    rows = [
        {**page.columns, **NOTHING, "text": text, "text_chars": len(text)}
        for page, text in zip(pages, cleaned, strict=True)
        if text
    ]
    judge = criteria(config, extraction.storage_options(config))
    batch = documents(rows, extraction.tools(config), config)
    passes = iter((judgement(batch, judge).first < 0).tolist())
    return [bool(text) and next(passes) for text in cleaned]


if __name__ == "__main__":
    main()
