"""One TOML file over a preset: frozen models, unknown keys refused, units in the names."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from filters.url_rules import ROBOTS_RULE, RULE_OF_CATEGORY
from language_id.labels import UNKNOWN, canonical
from pipeline.duplicate_config import Duplicates
from pipeline.errors import ConfigError
from pipeline.list_config import Urls, Words
from pipeline.repeat_config import Repeats
from pipeline.rule_config import Rules, over
from pipeline.section import Section
from pipeline.text_settings import Engine


class Input(Section):
    """How archives are found and read."""

    path_prefix: str = "https://data.commoncrawl.org/"
    endpoint_url: str | None = None
    region: str | None = None
    anonymous: bool = False
    retries: int = Field(default=10, ge=0)
    timeout_s: float = Field(default=60, gt=0)
    range_mib: int = Field(default=256, ge=1)
    record_limit_mib: int = Field(default=16, ge=1)
    fail_on_damage: bool = True


class Text(Section):
    """How a page becomes text, and what it may cost.

    ``tables`` and ``comments``, where given, replace what ``settings`` say. ``markdown`` fills a
    column with the text's structure as Markdown, with links if ``links``.
    """

    engine: Engine = "corpusmill"
    settings: Literal["default", "fineweb", "hplt"] = "default"
    time_limit_s: float = Field(default=10, gt=0)
    memory_limit_mib: int = Field(default=512, ge=256)
    tokenizer: str = "tekken_240911"
    tables: bool | None = None
    comments: bool | None = None
    markdown: bool = False
    links: bool = False
    feeds: bool = True
    pdf: bool = False


class Screen(Section):
    """What is left out before it is read or measured: ``docs/screening.md``.

    ``addresses``: pages that a rule on addresses rejects; ``payloads``: pages that are byte for
    byte an earlier one of the same site, in the same "range" or in the whole "run";
    ``languages``: where given, pages in any other. Codes of any kind are taken: "mt" is mlt_Latn.
    """

    addresses: bool = False
    payloads: Literal[False, "range", "run"] = False
    languages: tuple[str, ...] = ()

    @field_validator("languages")
    @classmethod
    def _canonical(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        labels = {own: canonical(own) for own in given}
        unknown = [own for own, label in labels.items() if label == UNKNOWN != own]
        if unknown:
            raise ValueError(f"no such language: {', '.join(unknown)}")
        return tuple(sorted(set(labels.values())))


class Language(Section):
    """Which fastText model names the language.

    A model that is not in the registry needs ``path`` (a path or address) and ``sha256``, and says
    how its training text was cleaned and whether its labels name a script.
    """

    model: str = "lid.176"
    path: str | None = None
    sha256: str | None = None
    preprocess: Literal["plain", "openlid", "glotlid"] = "plain"
    scripted: bool = True


class Quality(Section):
    """A fastText classifier of quality, such as DCLM's; without ``path``, none.

    ``label`` is the one whose probability becomes ``quality_score``.
    """

    path: str | None = None
    sha256: str | None = None
    label: str = "__label__hq"


class Edits(Section):
    """Line edits made, in this order, to the text of documents that are kept.

    C4 as FineWeb runs it, or as published (a line ends in a terminal mark); RefinedWeb. The rules
    judge the unedited text.
    """

    steps: tuple[Literal["c4", "c4_original", "refinedweb"], ...] = ()


class PersonalData(Section):
    """What is masked in published text."""

    mask: bool = True
    kinds: tuple[Literal["email", "phone", "ipv4", "ipv6", "iban", "card"], ...] = (
        "email", "phone", "ipv4", "ipv6", "iban", "card",
    )  # fmt: skip


class Output(Section):
    """How shards are cut and packed; ``rehydration`` fills ``weight`` (``docs/rehydration.md``)."""

    shard_mib: int = Field(default=512, ge=1)
    zstd_level: int = Field(default=3, ge=1, le=22)
    rehydration: bool = False
    rehydration_most: int = Field(default=10, ge=1, le=100)


class Config(Section):
    """The resolved whole."""

    preset: str = "openeurollm"
    input: Input = Input()
    screen: Screen = Screen()
    text: Text = Text()
    language: Language = Language()
    quality: Quality = Quality()
    rules: Rules = Rules()
    urls: Urls = Urls()
    words: Words = Words()
    edits: Edits = Edits()
    repeats: Repeats = Repeats()
    personal_data: PersonalData = PersonalData()
    duplicates: Duplicates = Duplicates()
    output: Output = Output()

    @model_validator(mode="after")
    def _fetches_complete(self) -> Self:
        if self.screen.payloads and self.duplicates.newest_per_url:
            raise ValueError(
                "screen.payloads leaves fetches out that duplicates.newest_per_url must see: "
                "choose one"
            )
        return self


def presets() -> dict[str, str]:
    """Name to TOML text of every shipped preset."""
    folder = files("pipeline") / "presets"
    return {
        entry.name.removesuffix(".toml"): entry.read_text("utf-8")
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".toml")
    }


def load(preset: str | None = None, path: str | None = None) -> Config:
    """Resolved configuration: defaults, then the preset, then the file.

    Raises ConfigError, which names the key and the remedy.
    """
    own = _read(path) if path else {}
    name = preset or own.get("preset") or "openeurollm"
    known = presets()
    if name not in known:
        raise ConfigError(f"no preset named {name!r}; there are: {', '.join(known)}")
    resolved = _layered(tomllib.loads(known[name]), own) | {"preset": name}
    try:
        return _with_rules_of_lists(Config.model_validate(resolved))
    except ValidationError as error:
        raise ConfigError(_explain(error, path or f"preset {name}")) from None


def _with_rules_of_lists(config: Config) -> Config:
    """With the rules that look at the lists it names: whoever names a list means it to decide."""
    names = dict.fromkeys(RULE_OF_CATEGORY[file.category] for file in config.urls.lists)
    if config.urls.robots:
        names[ROBOTS_RULE] = None
    known = {*config.rules.order, *config.rules.without}
    order = (*(name for name in names if name not in known), *config.rules.order)
    rules = config.rules.model_copy(update={"order": order})
    return config.model_copy(update={"rules": rules})


def _read(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such configuration file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def _layered(preset: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A preset with a file over it: a table for some languages leaves the preset's number."""
    together = merged(preset, own)
    for rule, bounds in _table_of(_table_of(preset, "rules"), "bounds").items():
        given = _table_of(_table_of(_table_of(own, "rules"), "bounds"), rule)
        for side in given.keys() & bounds.keys():
            if not isinstance(bounds[side], Mapping):
                together["rules"]["bounds"][rule][side] = over(bounds[side], given[side])
    return together


def _table_of(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = values.get(key)
    return found if isinstance(found, Mapping) else {}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the values of ``over``, table by table."""
    together = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(together.get(key), dict)
        together[key] = merged(together[key], value) if both else value
    return together


def _explain(error: ValidationError, where: str) -> str:
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        reason = "no such key" if problem["type"] == "extra_forbidden" else problem["msg"]
        lines.append(f"{where}: {key}: {reason}")
    return "\n".join([*lines, "`corpusmill config` prints every key with its value"])
