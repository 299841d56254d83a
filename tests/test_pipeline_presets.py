"""Every preset over the samples: what it says of each page, as it was when that was last looked at.

``python tests/test_pipeline_presets.py`` writes the golden table again; read its diff before you
commit it.
"""

import csv
import sys
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from dedup.bands import PRESETS
from pipeline import config, extraction
from pipeline.criteria import criteria
from pipeline.extraction import Range
from pipeline.judging import judgement
from pipeline.steps import documents
from pipeline.storage import open_source

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "cases" / "presets.tsv"
HEAD = ["url", "offset", "lang", *config.presets()]


@cache
def sample_pages(text_settings):
    """Documents of the samples, extracted with a preset's settings for text."""
    settings = config.load().model_copy(update={"text": text_settings})
    batches = []
    for archive in sorted((ROOT / "samples" / "archives").iterdir()):
        source = open_source(str(archive), extraction.storage_options(settings))
        task = Range(str(archive), archive.name, source.size, "", 0, source.size)
        source.close()
        _, pages = extraction.mill(extraction.screened_records(task, settings), settings)
        batches.append(documents(pages, extraction.tools(settings), settings))
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def verdicts(preset):
    """The first rule a preset rejects each page by, "kept" where it passes; by page."""
    settings = config.load(preset)
    batch = sample_pages(settings.text)
    judge = criteria(settings, extraction.storage_options(settings))
    first = judgement(batch, judge).first.tolist()
    names = [*judge.names, "kept"]
    keys = zip(*(batch.column(n).to_pylist() for n in ("url", "warc_offset", "lang")), strict=True)
    return dict(zip(keys, (names[number] for number in first), strict=True))


def golden():
    with GOLDEN.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {
        preset: {
            (row["url"], int(row["offset"]), row["lang"]): row[preset]
            for row in rows
            if row[preset] != "-"
        }
        for preset in config.presets()
    }


@pytest.mark.parametrize("preset", config.presets())
def test_a_preset_decides_as_before(preset):
    expected, found = golden()[preset], verdicts(preset)
    changed = {
        key: (expected.get(key), found.get(key))
        for key in expected.keys() | found.keys()
        if expected.get(key) != found.get(key)
    }
    assert not changed


@pytest.mark.parametrize("preset", config.presets())
def test_a_preset_keeps_some_pages_and_rejects_some(preset):
    said = set(golden()[preset].values())
    assert {"kept"} < said


def test_the_presets_are_those_the_field_knows():
    wanted = {"gopher", "c4", "fineweb", "fineweb2", "hplt", "nemo", "olmo3", "openeurollm"}
    assert config.presets().keys() == wanted


FIELD = {
    # what each pipeline publishes of its deduplication: shingle, bands, rows, check, similarity
    "fineweb": (("words", 5), 14, 8, "none", 0.0),
    "fineweb2": (("words", 5), 14, 8, "none", 0.0),
    "hplt": (("words", 1), 17, 15, "none", 0.0),
    "nemo": (("characters", 24), 20, 13, "none", 0.0),
    "olmo3": (("words", 5), 26, 11, "jaccard", 0.8),
}


@pytest.mark.parametrize("preset", FIELD)
def test_a_preset_finds_duplicates_as_its_source_does(preset):
    found = config.load(preset).duplicates
    method = (found.shingling, found.bands, found.rows, found.check, found.minimum_similarity)
    assert method == FIELD[preset]
    (shipped,) = (one for one in PRESETS if one.name == preset)
    assert method == shipped[1:6]


def test_the_default_is_the_table_s():
    found = config.load().duplicates
    method = (found.shingling, found.bands, found.rows, found.check, found.minimum_similarity)
    assert method == PRESETS[0][1:6]


def test_which_presets_share_signatures():
    made = {name: config.load(name).duplicates.signature for name in config.presets()}
    same = [name for name in made if made[name] == made["openeurollm"]]
    assert same == ["c4", "fineweb", "fineweb2", "gopher", "openeurollm"]


def write():
    found = {preset: verdicts(preset) for preset in config.presets()}
    keys = sorted({key for said in found.values() for key in said})
    with GOLDEN.open("w", newline="") as file:
        out = csv.writer(file, delimiter="\t", lineterminator="\n")
        out.writerow(HEAD)
        out.writerows([*key, *(found[p].get(key, "-") for p in found)] for key in keys)


if __name__ == "__main__":
    sys.exit(write())
