"""The first run on a machine compiles the kernels before its workers, and no later one does."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

import language_id
from jobs import kernels_first as first
from language_id.kernel_cache import complete


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without kernels; to compile takes a moment and leaves a trace."""
    monkeypatch.setattr(language_id, "CACHE", tmp_path)
    ready = complete(tmp_path)
    code = f"open({str(tmp_path / 'runs')!r}, 'a').write('x'); open({str(ready)!r}, 'w')"
    monkeypatch.setattr(first, "CODE", code)
    return tmp_path


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text()) if (folder / "runs").exists() else 0


def test_it_is_said_and_done_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            first.kernels_first()
    assert runs(folder) == 1
    assert caplog.text.count("compiling the kernels") == 1


def test_of_runs_that_start_together_one_compiles(folder: Path) -> None:
    code = (
        "import pathlib, language_id\n"
        "from jobs import kernels_first as first\n"
        f"language_id.CACHE = pathlib.Path({str(folder)!r})\n"
        f"first.CODE = {('import time; time.sleep(1); ' + first.CODE)!r}\n"
        "first.kernels_first()"
    )
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [run.wait(60) for run in started] == [0, 0, 0]
    assert runs(folder) == 1


def test_a_failure_is_left_to_who_needs_the_kernel(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(first, "CODE", "raise SystemExit(1)")
    first.kernels_first()
    assert "could not be compiled" in caplog.text
    assert not complete(folder).exists()


def test_without_a_folder_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_id, "CACHE", None)
    monkeypatch.setattr(first, "CODE", "never run")
    first.kernels_first()
