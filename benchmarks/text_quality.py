"""Main text against people's: word 4-gram F1 by engine and setting, over press releases by language.

``python benchmarks/text_quality.py --step 4`` takes every fourth page of ``europa`` and prints
Markdown tables. A page's F1 is the harmonic mean of the share of the human text's word 4-grams that
were extracted and of the share of extracted ones that are in it, each counted as often as it stands
there; figures are means over pages. What it does not show: other kinds of page. Pages of news sites
with human texts may be added: ``--more FOLDER`` of ``NAME.html`` beside ``NAME.txt``.
"""

import argparse
import json
import lzma
import os
import platform
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from lxml.html import fromstring

from pipeline import charset, precheck
from pipeline.archives import records
from pipeline.http import decode_response
from pipeline.storage import open_source
from pipeline.text import extract
from pipeline.text_settings import DEFAULT, RESILIPARSE, TRAFILATURA, TextSettings

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "europa"
RESULTS = Path(__file__).resolve().parent / "results" / "text_quality.md"
ENGINES: dict[str, TextSettings] = {
    "corpusmill": DEFAULT,
    "trafilatura, adaptive": TRAFILATURA,
    "trafilatura, balanced": replace(TRAFILATURA, favor="balanced"),
    "trafilatura, precision": replace(TRAFILATURA, favor="precision"),
    "trafilatura, recall": replace(TRAFILATURA, favor="recall"),
    "resiliparse": RESILIPARSE,
}
_WORDS = re.compile(r"\w+")
BLOCKS = {
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "tr", "td", "th", "br", "ul", "ol", "table", "div",
}  # fmt: skip


class Page(NamedTuple):
    group: str
    html: str
    text: str
    """As people wrote it down."""


class Score(NamedTuple):
    f1: float
    precision: float
    recall: float


def score(found: str, wanted: str) -> Score:
    """Word 4-gram precision, recall and F1 of a text."""
    ours, theirs = _fourgrams(found), _fourgrams(wanted)
    shared = sum((ours & theirs).values())
    if not shared:
        return Score(0.0, 0.0, 0.0)
    precision, recall = shared / sum(ours.values()), shared / sum(theirs.values())
    return Score(2 * precision * recall / (precision + recall), precision, recall)


def _fourgrams(text: str) -> Counter[tuple[str, ...]]:
    words = _WORDS.findall(text.lower())
    return Counter(zip(words, words[1:], words[2:], words[3:], strict=False))


def press_releases(step: int = 1) -> Iterator[Page]:
    """Every ``step``-th page of europa with its human text."""
    gold = {}
    with lzma.open(DATA / "gold.jsonl.xz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            gold[row["url"]] = (row["lang"], plain(row["gold"]))
    source = open_source(str(DATA / "pages.warc.gz"))
    pages = (record for record in records(source) if record.uri in gold)
    for number, record in enumerate(pages):
        if number % step == 0:
            lang, text = gold[record.uri]
            if text.strip():
                body = decode_response(record.block).body
                yield Page(lang, charset.decode(body, None, True).text, text)
    source.close()


def plain(markup: str) -> str:
    """The text of simple HTML, a block a line."""
    tree = fromstring(f"<div>{markup}</div>")
    for element in tree.iter(*BLOCKS):
        element.tail = f"\n{element.tail or ''}"
        element.text = f"\n{element.text or ''}"
    return str(tree.text_content())


def _more(folder: Path) -> Iterator[Page]:
    for path in sorted(folder.glob("*.html")):
        text = path.with_suffix(".txt")
        if text.is_file():
            yield Page(
                folder.name,
                charset.decode(path.read_bytes(), None, True).text,
                text.read_text("utf-8"),
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--step", type=int, default=4, help="every so manieth page (default: 4)")
    parser.add_argument("--more", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    pages = [*press_releases(arguments.step), *(p for f in arguments.more for p in _more(f))]
    found: dict[str, dict[str, list[Score]]] = defaultdict(lambda: defaultdict(list))
    for name, settings in ENGINES.items():
        print(f"{name}: {len(pages)} pages", file=sys.stderr)
        for page in pages:
            html = page.html if settings.engine == "corpusmill" else precheck.check(page.html).html
            found[name][page.group].append(
                score(extract(html or "", None, settings).text, page.text)
            )
    text = "\n".join(_document(found, arguments.step)) + "\n"
    print(text)
    arguments.output.write_text(text, "utf-8")


def _document(found: dict[str, dict[str, list[Score]]], step: int) -> Iterator[str]:
    yield "# Main text against people's\n"
    yield "Made by `benchmarks/text_quality.py`, which says what is measured.\n"
    yield (
        f"- {datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, trafilatura {version('trafilatura')}, resiliparse "
        f"{version('resiliparse')}; every {step}. page of europa"
    )
    yield "- in the first table the mean over all pages, in the second F1 by language or set\n"
    yield "| engine | F1 | precision | recall | least F1 | pages without text in common |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, groups in found.items():
        scores = [score for group in groups.values() for score in group]
        means = [sum(part) / len(scores) for part in zip(*scores, strict=True)]
        least = min(score.f1 for score in scores)
        lost = sum(not score.f1 for score in scores)
        yield f"| {name} | {' | '.join(f'{mean:.4f}' for mean in means)} | {least:.3f} | {lost} |"
    yield f"\n| | pages | {' | '.join(found)} |"
    yield f"|---|---:|{'---:|' * len(found)}"
    for group in sorted({group for groups in found.values() for group in groups}):
        every = [groups[group] for groups in found.values()]
        means = [sum(score.f1 for score in scores) / len(scores) for scores in every]
        yield f"| {group} | {len(every[0])} | {' | '.join(f'{mean:.4f}' for mean in means)} |"


if __name__ == "__main__":
    main()
