"""The other zoo, beside the project: every neighbour of a hostile record is read."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.archives import records
from pipeline.members import HeldBytes

ZOO = Path(__file__).parents[2] / "shared" / "zoo" / "zoo.py"
pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """Name of a case to its file."""
    if not ZOO.is_file():
        pytest.skip("needs ../shared/zoo")
    out = tmp_path_factory.mktemp("shared-zoo")
    subprocess.run([sys.executable, ZOO, "--out", out, "--small"], check=True, capture_output=True)
    listed = json.loads((out / "manifest.json").read_text())
    return {name: Path(one["file"]) for name, one in listed.items() if not one["special"]}


def test_every_byte_and_every_neighbour(cases):
    sings, lost = 0, []
    for name, path in cases.items():
        data = path.read_bytes()
        started = time.process_time()
        rows = list(records(HeldBytes(data)))
        assert time.process_time() - started < 20, name
        assert sum(row.length for row in rows) == len(data), name
        if any(b"CANARY-B" in row.block for row in rows):
            sings += 1
        elif not any(ledger.damage(ledger.screen(row, name).row) for row in rows):
            lost.append(name)
    assert sings >= 239
    assert lost == []
