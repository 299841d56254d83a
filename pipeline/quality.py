"""How good a text is by a fastText classifier the configuration names; without one, nothing."""

from collections.abc import Sequence
from functools import lru_cache

from language_id.identify import Model, plain
from language_id.models import ModelError, ModelSpec, classifier
from pipeline.config import Quality
from pipeline.errors import ConfigError


def quality_model(quality: Quality) -> ModelSpec | None:
    """The classifier's specification, None without one. Raises ConfigError without a checksum."""
    if quality.path is None:
        return None
    if quality.sha256 is None:
        raise ConfigError("quality.sha256 is missing: sha256sum of the file quality.path names")
    return ModelSpec(name="quality", source=quality.path, sha256=quality.sha256)


def quality_scores(texts: Sequence[str], quality: Quality) -> list[float | None]:
    """Probability of ``quality.label`` for each text as one line, None without a classifier.

    As DCLM asks it (Li et al. 2024, arXiv:2406.11794): over the whole text, so linear in it.
    """
    spec = quality_model(quality)
    if spec is None:
        return [None] * len(texts)
    found = _loaded(spec).predict_all([plain(text) for text in texts], -1)
    return [_score(labels, scores, quality.label) for labels, scores in found]


def _score(labels: Sequence[str], scores: Sequence[float], label: str) -> float:
    return min(dict(zip(labels, map(float, scores), strict=True)).get(label, 0.0), 1.0)


@lru_cache(maxsize=1)
def _loaded(spec: ModelSpec) -> Model:
    return classifier(spec)


def checked(quality: Quality) -> dict[str, str]:
    """Name and SHA-256 of the classifier, after loading it once; raises ConfigError."""
    spec = quality_model(quality)
    if spec is None:
        return {}
    try:
        ((labels, _),) = _loaded(spec).predict_all(["a text"], -1)
    except ModelError as error:
        raise ConfigError(str(error)) from None
    if quality.label not in labels:
        raise ConfigError(
            f"quality.label {quality.label!r} is none of the classifier's: "
            f"{', '.join(sorted(labels)[:5])}"
        )
    return {spec.name: spec.sha256}
