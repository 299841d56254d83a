"""What the longest texts take: a worker stays below half a gigabyte, whatever they are made of."""

import random
import re
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pytest

from filters.word_lists import builtin, merged
from language_id.models import REGISTRY, load
from pipeline.memory import large_apart
from pipeline.precheck import MAX_HTML_CHARS
from pipeline.steps import Tools, measured
from pipeline.tokens import TokenCounter

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

MOST_MIB = 170
"""On top of the 350 MB that a worker of Spark's has with all libraries and kernels."""


def drawn(first: int, last: int, count: int) -> list[str]:
    draw = random.Random(1)
    return [chr(draw.randrange(first, last)) for _ in range(count)]


TEXTS = {
    "ideographs": lambda: "".join(drawn(0x4E00, 0x9F00, MAX_HTML_CHARS)),
    "the same ideographs twice": lambda: "".join(drawn(0x4E00, 0x9F00, MAX_HTML_CHARS // 2)) * 2,
    "sentences of one ideograph": lambda: "。".join(drawn(0x4E00, 0x9F00, MAX_HTML_CHARS // 2)),
    "emoji": lambda: "".join(drawn(0x1F300, 0x1F600, MAX_HTML_CHARS)),
    "letters": lambda: " ".join(drawn(0x61, 0x7B, MAX_HTML_CHARS // 2)),
    "lines of a letter": lambda: "\n".join(drawn(0x430, 0x450, MAX_HTML_CHARS // 2)),
    "lines of a sentence": lambda: ".\n".join(drawn(0x430, 0x450, MAX_HTML_CHARS // 3)),
}


def status(field: str) -> int:
    found = re.search(rf"{field}:\s*(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) >> 10


def growth(name: str) -> int:
    """MiB that measuring one text takes at most, in a process that has measured before."""
    large_apart()
    tools = Tools(load(REGISTRY["lid.176"]), merged(builtin()), TokenCounter())
    measured(pa.array(["One line. 漢字"]), ["eng_Latn"], 112, tools)
    text = pa.array([TEXTS[name]()])
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    measured(text, ["cmn_Hani"], 112, tools)
    return status("VmHWM") - before


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_takes_more_memory_than_a_worker_has_left(name: str) -> None:
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(growth, (name,)) < MOST_MIB


def test_arrow_makes_arrays_without_pandas_and_converts_to_it_all_the_same() -> None:
    script = """
import sys
import pyarrow as pa
from pipeline.memory import without_pandas
without_pandas()
batch = pa.RecordBatch.from_pylist([{"a": 1}])
assert pa.array(["x"]).to_pylist() == ["x"]
assert "pandas" not in sys.modules
frame = batch.to_pandas()
assert pa.RecordBatch.from_pandas(frame).equals(batch)
import pandas
assert pa.array(pandas.Series([1.5, None])).null_count == 1
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
