"""Tables to documents: lines read, and all that is done to their texts, CPU seconds on one core.

``python benchmarks/tables.py`` extracts the pages of an archive, writes their texts as HPLT's tables
do, several times over, and prints a Markdown table: reading alone (inflate, JSON, ledger rows), then
the guarded child (cleaning, personal data, tokens), then languages, signals and signatures.
"""

import argparse
import json
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import zstandard

from pipeline import config, extraction
from pipeline.extraction import Range, screened_records
from pipeline.steps import documents
from pipeline.storage import StorageOptions
from pipeline.table_files import whole

DATA = Path(__file__).parents[2] / "shared" / "data"


def task(path: Path) -> Range:
    group = whole(str(path), StorageOptions())
    return Range(*group.file[:4], 0, group.file.size, group.file.problem, *group[1:])


def write(folder: Path, archive: Path, copies: int) -> None:
    """The texts of the archive's pages as ``text.zst`` with its partners, and as one file."""
    settings = config.load()
    _, pages = extraction.mill(screened_records(task(archive), settings), settings)
    texts, meta, langs, whole_lines = [], [], [], []
    for copy in range(copies):
        for page in pages:
            said = {"f": page["warc_file"], "o": page["warc_offset"], "s": page["warc_length"]}
            said |= {"rs": 0, "u": f"{page['url']}#{copy}", "c": "text/html"}
            said["ts"] = f"{page['warc_date']:%Y-%m-%dT%H:%M:%SZ}"
            lang = {"lang": ["eng_Latn", "fra_Latn", "deu_Latn"], "prob": [0.9, 0.05, 0.01]}
            texts.append({"t": page["text"]})
            meta.append(said)
            langs.append(lang)
            whole_lines.append({**said, **lang, "text": page["text"], "id": "0" * 32})
    files = {"text": texts, "metadata": meta, "lang": langs, "all.jsonl": whole_lines}
    for name, lines in files.items():
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
        (folder / f"{name}.zst").write_bytes(zstandard.compress(content, 9))


def cpu_s() -> float:
    """Of this process and its children, also of those that live."""
    own = time.process_time()
    children = psutil.Process().children(recursive=True)
    return own + sum(sum(child.cpu_times()[:2]) for child in children)


def measure(path: Path, repeat: int) -> str:
    settings, reading = config.load(), task(path)
    best = []
    for _ in range(repeat):
        started = time.process_time()
        screened = list(screened_records(reading, settings))
        best.append(time.process_time() - started)
    rows = [one for one in screened if one.page]
    chars = sum(len(one.page.body) for one in rows) / 1e6
    extraction.mill(rows[:20], settings)  # starts the child
    started = cpu_s()
    _, pages = extraction.mill(rows, settings)
    child = cpu_s() - started
    documents(pages[:20], extraction.tools(settings), settings)
    started = time.process_time()
    for at in range(0, len(pages), extraction.BATCH_PAGES):
        batch = pages[at : at + extraction.BATCH_PAGES]
        documents(batch, extraction.tools(settings), settings)
    measuring = time.process_time() - started
    read, count = min(best), len(rows)
    every = read + child + measuring
    cells = (
        path.name, f"{count:,}", f"{reading.size / 1e6:.1f}", f"{chars:.1f}",
        f"{count / read:,.0f}", f"{chars / read:.0f}", f"{1e3 * child / count:.2f}",
        f"{1e3 * measuring / count:.2f}", f"{count / every:,.0f}", f"{read / every:.1%}",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("archive", nargs="?", type=Path, default=DATA / "europa" / "pages.warc.gz")
    parser.add_argument("--copies", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    when = f"{datetime.now(UTC):%Y-%m-%d}"
    python = f"Python {sys.version.split()[0]}, zstandard {zstandard.__version__}"
    print(f"{when}, {platform.machine()}, {platform.processor() or 'CPU'}, {python}")
    print(
        f"\nTexts of {chosen.archive.name} ({chosen.archive.parent.name}), {chosen.copies} times\n"
    )
    print(
        "| table | rows | MB zstd | MB text | rows/s read | MB/s read | child, ms/row | measures, ms/row "
        "| rows/s whole | reading's share |"
    )
    print("|---|" + "---:|" * 9)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, chosen.archive, chosen.copies)
        for file in ("text.zst", "all.jsonl.zst"):
            print(measure(folder / file, chosen.repeat), flush=True)


if __name__ == "__main__":
    main()
