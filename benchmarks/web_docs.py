"""The Web Docs Scorer on real texts: who reaches .5, how its estimate compares to zlib, its cost.

    .venv/bin/python benchmarks/web_docs.py ../shared/data
    .venv/bin/python benchmarks/web_docs.py ../shared/data --documents OUTPUT/documents

Prints Markdown. CPU time, best of five after a first run that compiles.
"""

import argparse
import os
import platform
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))

from filters.compressibility import compressed_percent
from filters.data.web_docs_sources import press_releases
from filters.web_docs import WEB_DOCS_SIGNALS, measure_web_docs
from filters.web_docs_table import menu_chars
from language_id.decoded import characters_of
from language_id.identify import Identifier
from language_id.lines import line_language_shares
from language_id.models import REGISTRY, load

NAMES = [signal.name.removeprefix("wds_") for signal in WEB_DOCS_SIGNALS]
SHOWN = [name for name in NAMES if name != "score"]
LEAST = 15
REPEATS = 5
ZLIB_CHARS = 500


def scores(identifier: Identifier, texts: Sequence[str], langs: Sequence[str]) -> np.ndarray:
    batch = characters_of(texts)
    shares = line_language_shares(identifier, *batch, langs, menu_chars(langs))
    return measure_web_docs(*batch, langs, shares)


def row(name: str, found: np.ndarray) -> str:
    score = found[:, -1]
    lowest = dict(zip(SHOWN, np.percentile(found[:, :-1], 10, axis=0), strict=True))
    low = ", ".join(
        f"{part} {value:.2f}"
        for part, value in lowest.items()
        if part not in {"long", "great"} and value < 0.9
    )
    tenth, middle = np.percentile(score, [10, 50])
    kept = (score >= 0.5).mean()
    return f"| {name} | {len(found)} | {kept:.2f} | {tenth:.2f} | {middle:.2f} | {low or '-'} |"


def table(groups: Mapping[str, np.ndarray]) -> Iterator[str]:
    yield "| texts | count | ≥ .5 | 10th percentile | median | 10th percentiles below .9 |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    yield from (row(name, found) for name, found in groups.items() if len(found) >= LEAST)
    yield row("all", np.concatenate(list(groups.values())))


def ranks(values: Sequence[float] | np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values))


def correlations(by_label: Mapping[str, Sequence[str]]) -> Iterator[str]:
    scripts = defaultdict(list)
    for own, texts in by_label.items():
        scripts[own[4:]] += [text for text in texts if len(text) >= ZLIB_CHARS]
    yield "| script | texts | rank correlation with zlib 6, bytes a character |"
    yield "| --- | ---: | ---: |"
    for script, texts in sorted(scripts.items()):
        if len(texts) >= 2 * LEAST:
            ours = compressed_percent(*characters_of(texts))
            theirs = [len(zlib.compress(text.encode(), 6)) / len(text) for text in texts]
            value = np.corrcoef(ranks(ours), ranks(theirs))[0, 1]
            yield f"| {script} | {len(texts)} | {value:.3f} |"


def cpu_s(run: Callable[[], object]) -> float:
    run()
    best = float("inf")
    for _ in range(REPEATS):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


def costs(identifier: Identifier, by_label: Mapping[str, Sequence[str]]) -> str:
    texts = [text for group in by_label.values() for text in group]
    langs = [own for own, group in by_label.items() for _ in group]
    size = sum(len(text.encode()) for text in texts)
    batch = characters_of(texts)
    menus, ones = menu_chars(langs), np.ones(len(texts))
    shares = cpu_s(lambda: line_language_shares(identifier, *batch, langs, menus))
    compression = cpu_s(lambda: compressed_percent(*batch))
    whole = cpu_s(lambda: measure_web_docs(*batch, langs, ones))
    return (
        f"{len(texts):,} texts, {size / 1e6:.1f} MB of UTF-8, {len(batch.codes) / size:.2f} "
        f"characters a byte: scores {whole / size * 1e9:.1f} ns a byte, of which compressibility "
        f"{compression / size * 1e9:.1f}; languages of lines {shares / len(texts) * 1e3:.2f} ms "
        "a text."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with europa/")
    parser.add_argument("--documents", type=Path, help="a documents table, as extraction left it")
    options = parser.parse_args()
    identifier = load(REGISTRY["lid.176"])
    versions = [f"{name} {version(name)}" for name in ("numpy", "numba", "fasttext-predict")]
    print("# Web Docs Scorer\n\nMade by `benchmarks/web_docs.py`.\n")
    print(f"- {date.today()}, Python {platform.python_version()}, {', '.join(versions)}")
    print(
        f"- {os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.1f}: costs are upper bounds\n"
    )
    halves = [press_releases(options.data / "europa", fitted=half) for half in (False, True)]
    for title, half in zip(("not fitted on", "fitted on"), halves, strict=True):
        found = {own: scores(identifier, half[own], [own] * len(half[own])) for own in sorted(half)}
        print(f"## Press releases {title}\n", *table(found), "", sep="\n")
    every = {own: [t for half in halves for t in half.get(own, [])] for own in halves[1]}
    print("## Cost\n", costs(identifier, every), "", sep="\n")
    if options.documents:
        columns = ["text", "lang", "warc_file"]
        rows = pq.read_table(options.documents, columns=columns).to_pylist()
        sources, labels = defaultdict(list), defaultdict(list)
        for each in rows:
            sources[each["warc_file"]].append(each)
            labels[each["lang"]].append(each["text"])
        by_source = {
            name: scores(identifier, [r["text"] for r in own], [r["lang"] for r in own])
            for name, own in sorted(sources.items())
        }
        print("## Documents of a run\n", *table(by_source), "", sep="\n")
        print("## Compressibility\n", *correlations(labels), "", sep="\n")
        print(costs(identifier, labels))


if __name__ == "__main__":
    main()
