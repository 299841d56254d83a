import os
import signal
import subprocess
import sys

import pytest

from pipeline import fingerprint, stages
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.parquet import File

PARTS = {
    "inputs": {"a.warc.gz": ["a.warc.gz", 10, "v1", None]},
    "config": {"text": {"engine": "x"}},
}


def stage(parts):
    return stages.Stage(
        "extract", parts, {"documents": [File("d/1", 2, 3, "ab")]}, {"extracted:-": 2}
    )


def test_a_finished_stage_is_found_only_from_the_same_parts(tmp_path):
    folder = Folder(str(tmp_path))
    assert stages.check(folder, "extract", PARTS) == stages.Check(None, [])
    stages.finish(folder, stage(PARTS))
    assert stages.check(folder, "extract", PARTS).stage == stage(PARTS)
    changed = {**PARTS, "config": {"text": {"engine": "y"}}}
    found = stages.check(folder, "extract", changed)
    assert found.stage is None
    assert found.differences == ['config.text.engine: "x" -> "y"']


def test_differences_name_inputs_that_came_and_went():
    old = {"inputs": {"a": [1], "b": [2]}}
    new = {"inputs": {"b": [3], "c": [4]}}
    assert fingerprint.differences(old, new) == [
        "inputs.a: [1] -> null",
        "inputs.b: [2] -> [3]",
        "inputs.c: null -> [4]",
    ]


def test_a_missing_stage_names_the_command(tmp_path):
    with pytest.raises(ConfigError, match="corpusmill extract"):
        stages.required(Folder(str(tmp_path)), "extract")


HOLD = """
import sys, time
from pipeline.files import Folder
from pipeline.stages import locked
with locked(Folder(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_refused_and_a_killed_one_leaves_no_lock(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(ConfigError, match="another run"), stages.locked(Folder(str(tmp_path))):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with stages.locked(Folder(str(tmp_path))):
        pass


def test_an_output_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(ConfigError, match="cannot be written"),
        stages.locked(Folder(str(tmp_path / "file/out"))),
    ):
        pass
