"""Archives to records: this reader, FastWARC raw and warcio, CPU seconds, best of some runs.

``python benchmarks/reader.py --repeat 5 FILE...`` prints a Markdown table. FastWARC reads raw blocks
(``parse_http=False``); every reader gives the length of every block, which is held equal.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from fastwarc.warc import ArchiveIterator as FastReader
from warcio.archiveiterator import ArchiveIterator as WarcioReader

from pipeline.archives import records
from pipeline.storage import open_source

DATA = Path(__file__).parents[2] / "shared" / "data"


def own(path: Path) -> tuple[int, int]:
    source = open_source(str(path))
    rows = [len(row.block) for row in records(source) if row.kind == "record"]
    source.close()
    return len(rows), sum(rows)


def fastwarc(path: Path) -> tuple[int, int]:
    with path.open("rb") as stream:
        blocks = [len(r.reader.read()) for r in FastReader(stream, parse_http=False)]
    return len(blocks), sum(blocks)


def warcio(path: Path) -> tuple[int, int]:
    with path.open("rb") as stream:
        blocks = [len(r.raw_stream.read()) for r in WarcioReader(stream, no_record_parse=True)]
    return len(blocks), sum(blocks)


def best_s(read: Callable[[Path], tuple[int, int]], path: Path, repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        started = time.process_time()
        read(path)
        taken.append(time.process_time() - started)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    chosen = parser.parse_args()
    files = chosen.files or sorted(DATA.glob("*/pages.warc.gz"))
    print(
        "| archive | records | MB inflated | own, ms | FastWARC raw, ms | warcio, ms | own speed / FastWARC |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for path in files:
        count, size = own(path)
        if (count, size) != fastwarc(path):
            print(f"| {path.parent.name}/{path.name} | readers differ: not healthy | | | | | |")
            continue
        mine, fast, slow = (best_s(r, path, chosen.repeat) * 1000 for r in (own, fastwarc, warcio))
        name = f"{path.parent.name}/{path.name}"
        print(
            f"| {name} | {count:,} | {size / 1e6:.1f} | {mine:.1f} | {fast:.1f} | {slow:.1f} | {fast / mine:.2f} |"
        )


if __name__ == "__main__":
    main()
