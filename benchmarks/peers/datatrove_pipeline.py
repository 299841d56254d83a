"""CPU seconds of datatrove's own pipeline over WARC files, as FineWeb runs it.

Runs in datatrove's environment: WarcReader, Trafilatura (favour_precision, its child process and
time limit as given), LanguageFilter, Gopher repetition, Gopher quality, C4, FineWeb, personal data
masked, MinHash signatures. What a filter drops costs nothing after it. The output is one JSON
object: CPU seconds with child processes, wall seconds, record ids of the pages read and of those
kept. Warm: a first document has gone through every step before the clock starts.

Its reader leaves out what libmagic does not take for HTML, all of a set whose pages begin with
empty lines; here a page is HTML where markup of a page stands in its first 4 KiB.
"""

import argparse
import json
import os
import re
import tempfile
import time
from pathlib import Path

import datatrove.utils.lid as lid
import magic
from datatrove.data import Document
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LanguageFilter,
)
from datatrove.pipeline.formatters import PIIFormatter
from datatrove.pipeline.readers import WarcReader
from datatrove.utils.hashing import HashConfig

_PAGE = re.compile(rb"<(?:html|head|body|!doctype|title|p|div|table)\b", re.IGNORECASE)
SENTENCE = "The ferry leaves at seven in the morning and comes back when the fog has lifted. "


def cpu_s() -> float:
    """Of this process and its ended and running children."""
    times = os.times()
    running = 0.0
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    for child in children:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        running += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return times.user + times.system + times.children_user + times.children_system + running


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of WARC files")
    parser.add_argument("model", help="lid.176.ftz or .bin")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    lid.cached_asset_path_or_download = lambda *_args, **_kwargs: arguments.model
    magic.from_buffer = lambda content, mime: "text/html" if _PAGE.search(content[:4096]) else ""
    with tempfile.TemporaryDirectory() as scratch:
        config = MinhashConfig(hash_config=HashConfig(precision=64))
        steps = [
            Trafilatura(favour_precision=True, timeout=10),
            LanguageFilter(languages=None, language_threshold=0.3),
            GopherRepetitionFilter(),
            GopherQualityFilter(),
            C4QualityFilter(filter_no_terminal_punct=False),
            FineWebQualityFilter(),
            PIIFormatter(),
        ]
        signer = MinhashDedupSignature(scratch, config)
        reader = WarcReader(str(arguments.folder), glob_pattern="*.warc.gz")
        html = f"<html><body><article>{f'<p>{SENTENCE * 12}</p>' * 6}</article></body></html>"
        _run([Document(text=html, id="warm")], steps, signer)
        read: list[str] = []
        before, started = cpu_s(), time.perf_counter()
        kept = _run(_noted(reader.run(), read), steps, signer)
        spent = {"cpu_s": cpu_s() - before, "wall_s": time.perf_counter() - started}
    arguments.output.write_text(json.dumps({**spent, "pages": read, "kept": kept}))


def _noted(documents, read: list[str]):
    for document in documents:
        read.append(document.id)
        yield document


def _run(documents, steps, signer) -> list[str]:
    stream = iter(documents)
    for step in steps:
        stream = step.run(stream, 0, 1)
    kept = []
    for document in stream:
        shingles = signer.get_shingles(document.text)
        if shingles.size:
            signer.get_signature(shingles)
        kept.append(document.id)
    return kept


if __name__ == "__main__":
    main()
