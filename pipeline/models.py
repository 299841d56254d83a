"""The models a configuration names: which file, and the checksum it must have."""

from language_id.identify import Identifier
from language_id.models import REGISTRY, ModelError, ModelSpec, load, named
from pipeline import quality, tokens
from pipeline.config import Config, Language
from pipeline.errors import ConfigError
from pipeline.tokens import TOKENIZERS


def language_model(language: Language) -> ModelSpec:
    """The model's specification. Raises ConfigError for a name without path and checksum."""
    if language.model in REGISTRY:
        return named(language.model, language.path, language.sha256)
    if language.path is None or language.sha256 is None:
        raise ConfigError(
            f"language.model {language.model!r} is not one of {', '.join(REGISTRY)}; "
            "give language.path and language.sha256 of its fastText file"
        )
    return ModelSpec(
        name=language.model,
        source=language.path,
        sha256=language.sha256,
        preprocess=language.preprocess,
        scripted=language.scripted,
    )


def check_languages(config: Config, identifier: Identifier) -> None:
    """ConfigError unless the language model can name every language that is asked for."""
    wanted = config.screen.languages
    if not wanted:
        return
    known = {label.partition("_")[0] for label in identifier.choices("a")}
    missing = [label for label in wanted if label.partition("_")[0] not in known]
    if missing:
        raise ConfigError(
            f"screen.languages: {config.language.model} knows no {', '.join(missing)}: all its "
            "pages would be left out; choose another language.model"
        )


def model_checksums(config: Config) -> dict[str, str]:
    """SHA-256 of every model a run uses, after loading what can be wrong with them once."""
    if config.text.tokenizer not in TOKENIZERS:
        raise ConfigError(
            f"text.tokenizer {config.text.tokenizer!r} is none of {', '.join(TOKENIZERS)}"
        )
    tokens.verified(config.text.tokenizer)  # workers load it
    spec = language_model(config.language)
    try:
        check_languages(config, load(spec))
    except ModelError as error:
        raise ConfigError(str(error)) from None
    tokenizer = config.text.tokenizer
    return {
        spec.name: spec.sha256,
        tokenizer: TOKENIZERS[tokenizer],
        **quality.checked(config.quality),
    }
