"""Seeds: the samples and the zoo, small pieces of each."""

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import zoo  # noqa: E402
import zoo_charsets  # noqa: E402
import zoo_containers  # noqa: E402
import zoo_headers  # noqa: E402
import zoo_http  # noqa: E402
import zoo_markup  # noqa: E402

from pipeline.archives import records  # noqa: E402
from pipeline.http import decode_response  # noqa: E402
from pipeline.members import HeldBytes  # noqa: E402

MAX_SEED_BYTES = 16 << 10
SAMPLES = sorted((ROOT / "samples" / "archives").glob("*.*"))


def seeds(target: str) -> Iterator[bytes]:
    """Inputs to start from, none longer than ``MAX_SEED_BYTES``."""
    for seed in _seeds(target):
        if 0 < len(seed) <= MAX_SEED_BYTES:
            yield seed


def _seeds(target: str) -> Iterator[bytes]:
    cases = [*zoo_containers.CASES, *zoo_headers.CASES, *zoo_http.CASES]
    if target == "archives":
        yield from (case.data() for case in cases)
    elif target == "http":
        yield from (row.block for case in cases for row in records(HeldBytes(case.data())))
    elif target == "slimming":
        yield from (page[:MAX_SEED_BYTES] for page in _pages())
        for case in zoo_markup.CASES:
            body = case.body()
            yield (body if isinstance(body, bytes) else body.encode("utf-8", "replace"))[:4000]
    elif target == "charsets":
        yield from (b"\0" + case.body for case in zoo_charsets.CASES)
        yield from (b"\0" + body[:4000] for body in zoo_charsets.NOISE.values())
    else:
        yield from (text.encode() for text in zoo_charsets.SAID.values())
        yield f"{zoo.PROSE} {zoo.EMAIL}, {zoo.PHONE}, 192.0.2.7, 2001:db8::1".encode()
        yield b"DE89 3704 0044 0532 0130 00 4111 1111 1111 1111 a.b+c@sub.example.co.uk"


def _pages() -> Iterator[bytes]:
    for path in SAMPLES:
        for row in list(records(HeldBytes(path.read_bytes())))[:40]:
            yield decode_response(row.block).body
