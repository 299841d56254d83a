"""Compiled kernels: kept for the next process, and never those of other sources."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import language_id
from language_id import kernel_cache

ROOT = Path(__file__).parent.parent
HASHES = """
from language_id.decoded import characters_of
from language_id.words import token_hashes, tokenize
characters = characters_of(["word"])
print(int(token_hashes(characters, tokenize(characters)).exact[0]))
"""


@pytest.fixture
def sources(tmp_path):
    for package in kernel_cache.PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / "sources" / package, ignore=ignored)
    return tmp_path / "sources"


def run(sources, cache, code):
    environment = os.environ | {"PYTHONPATH": str(sources), "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=sources, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_constant_changed_in_another_module_compiles_the_kernels_again(sources, tmp_path):
    cache = tmp_path / "cache"
    before = run(sources, cache, HASHES)
    (compiled,) = cache.iterdir()
    made = {path: path.stat().st_mtime_ns for path in compiled.rglob("*.nbc")}
    assert made
    assert run(sources, cache, HASHES) == before
    assert {path: path.stat().st_mtime_ns for path in compiled.rglob("*.nbc")} == made
    hashing = sources / "language_id" / "hashing.py"
    text = hashing.read_text().replace("0xC2B2AE3D27D4EB4F", "0xC2B2AE3D27D4EB4D")
    stamp = hashing.stat()
    hashing.write_text(text)
    os.utime(hashing, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert run(sources, cache, HASHES) != before


def test_what_a_kernel_imports_counts_and_what_none_does_does_not():
    found = {str(path.relative_to(ROOT)) for path in kernel_cache.kernel_sources()}
    assert {"filters/flags.py", "language_id/characters.py", "dedup/bands.py"} <= found
    assert not {"filters/pii.py", "language_id/models.py"} & found


def test_without_a_place_to_write_numba_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    assert kernel_cache.use() is None


COMPILE = """
from pipeline import kernels
kernels.compiled()
"""
MEASURE = """
import pyarrow as pa
from filters import word_lists
from filters.url_words import UrlWords, builtin, counted
from language_id.models import REGISTRY, load
from pipeline import edits, steps
from pipeline.tokens import TokenCounter
flagged = word_lists.merged(word_lists.builtin())
tools = steps.Tools(load(REGISTRY["lid.176"]), flagged, TokenCounter())
texts = pa.array(["A text of one line, or two.\\nThe other. 12 likes", "x"] * 40)
steps.measured(texts, ["eng_Latn", "mlt_Latn"] * 40, 112, tools)
edits.removals(texts, ["eng_Latn", "mlt_Latn"] * 40, ("c4", "refinedweb"))
counted(UrlWords(builtin()), ["http://a.org/b", None], ["eng_Latn", "mlt_Latn"])
"""
CALLED = """
import gc
from numba.core.dispatcher import Dispatcher
for kernel in gc.get_objects():
    if isinstance(kernel, Dispatcher):
        for types in kernel.signatures:
            print(kernel.py_func.__module__, kernel.py_func.__qualname__, types)
"""


def test_a_kernel_that_measuring_calls_was_compiled_for_these_types_beforehand():
    """By what each process has called or compiled, so that the cache may be warm from before."""
    compiled, called = (
        set(subprocess.run(
            [sys.executable, "-c", code + CALLED], cwd=ROOT, capture_output=True, text=True,
            check=True,
        ).stdout.splitlines())
        for code in (COMPILE, MEASURE)
    )  # fmt: skip
    assert len(called) > 30
    assert called <= compiled
    assert kernel_cache.complete(language_id.CACHE).exists()
