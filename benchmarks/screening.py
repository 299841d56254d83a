"""What ``[screen]`` leaves out of real archives, what of it the whole way would have kept, the cost.

Each set is extracted twice in this process, with its guarded child: whole, and screened. A page is
lost wrongly where the rules keep it in the whole run, it is in a language that was asked for, and no
page with the same text is left. The rules are the default preset's.

What it does not show: storage and Spark; crawls with more than a few hundred pages of a site, where
there are more pages with one payload.
"""

import argparse
import logging
import os
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from clock import cpu_s
from extraction import DATA, SETS

from pipeline import extraction, parquet, screening
from pipeline.config import Config, Screen, load
from pipeline.criteria import criteria
from pipeline.extraction import Range
from pipeline.files import Folder
from pipeline.judging import judgement

RESULTS = Path(__file__).resolve().parent / "results" / "screening.md"
MORE = {
    "other WARC files": (
        "warc/chatnoir-eu+chatnoir-resiliparse/warcfile.warc.gz",
        "warc/chatnoir-eu+chatnoir-resiliparse/clueweb-quirk.warc.gz",
        "warc/ukwa+webarchive-discovery/BL-20140325122341434-00000-32090~opera~8443.warc.gz",
    )
}
SCREENS = {
    "addresses, payloads of a range": Screen(addresses=True, payloads="range"),
    "the same, Finnish and Maltese": Screen(
        addresses=True, payloads="range", languages=("fin_Latn", "mlt_Latn")
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs, the best counts (default: 3)")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    load_before = os.getloadavg()[0]
    lines = [
        "# What the screen leaves out",
        "",
        "Made by `benchmarks/screening.py`, which says what is measured and what is not.",
        "",
        f"- {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {load_before:.1f} before",
        "- CPU milliseconds a page, worker and guarded child, best of "
        f"{arguments.repeat}; pages are those with text in the whole run",
        "",
        "| set | screen | pages | blocked address | same payload | other language | kept wrongly "
        "left out | CPU whole | screened |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, paths in (SETS | MORE).items():
        lines += _rows(name, [DATA / path for path in paths], arguments.repeat)
    text = "\n".join(lines) + "\n"
    print(text)
    arguments.output.write_text(text, "utf-8")


def _rows(name: str, paths: list[Path], repeat: int) -> list[str]:
    config = load()
    whole, cost = _best(paths, config, repeat)
    count = len(whole["documents"])
    lines = []
    for label, screen in SCREENS.items():
        screened = Config.model_validate(config.model_dump() | {"screen": screen.model_dump()})
        found, less = _best(paths, screened, repeat)
        reasons = Counter(row["reason"] for row in found["ledger"].to_pylist())
        left = [f"{reasons[r]:,}" for r in ("blocked_address", "same_payload", "other_language")]
        lost = _lost(whole["documents"], found["documents"], screened)
        figures = [*left, f"{lost:,}", f"{1e3 * cost / count:.2f}", f"{1e3 * less / count:.2f}"]
        lines.append(f"| {name} | {label} | {count:,} | {' | '.join(figures)} |")
    return lines


def _lost(whole: pa.Table, left: pa.Table, config: Config) -> int:
    """Documents the rules keep, in a language asked for, with no copy of theirs among ``left``."""
    judge = criteria(config, extraction.storage_options(config))
    batch = whole.combine_chunks().to_batches()[0]
    kept = (judgement(batch, judge).first < 0).tolist()
    texts = set(left["text_hash"].to_pylist())
    langs = config.screen.languages
    rows = zip(kept, whole["lang"].to_pylist(), whole["text_hash"].to_pylist(), strict=True)
    return sum(k and (not langs or lang in langs) and text not in texts for k, lang, text in rows)


def _best(paths: list[Path], config: Config, repeat: int) -> tuple[dict[str, pa.Table], float]:
    """The tables, and the CPU seconds of the best run after a first."""
    runs = [_run(paths, config) for _ in range(repeat + 1)]
    return runs[0][0], min(spent for _, spent in runs[1:])


def _run(paths: list[Path], config: Config) -> tuple[dict[str, pa.Table], float]:
    judge = screening.addresses(config, extraction.storage_options(config))
    child = extraction.sandbox(config.text)
    child.close()  # it is replaced after so many pages: not in a run that counts
    child.run(*extraction.PROBE)
    parts: dict[str, list[Any]] = {"documents": [], "ledger": []}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Folder(scratch)
        pid, before, own = child.pid, cpu_s(child.pid), time.process_time()
        tasks = [Range(str(p), p.name, p.stat().st_size, "", 0, p.stat().st_size) for p in paths]
        commits = [extraction.extract(task, config, folder, "commits", judge) for task in tasks]
        spent = time.process_time() - own + cpu_s(child.pid) - before
        if child.pid != pid:
            spent = float("inf")  # a new child: its CPU so far is unknown
        for commit in commits:
            for table, read in parts.items():
                read.extend(parquet.batches(folder, commit.files[table].path))
    schemas = {"documents": extraction.DOCUMENTS_SCHEMA, "ledger": extraction.LEDGER_SCHEMA}
    return {t: pa.Table.from_batches(b, schemas[t]) for t, b in parts.items()}, spent


if __name__ == "__main__":
    main()
