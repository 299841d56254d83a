"""How many tokens a text is worth: counted with a real multilingual tokenizer, in linear time.

The tokenizer is Mistral's Tekken (byte-pair encoding, 130,072 mergeable tokens), as the package
``mistral-common`` ships it; its file is read as data, verified by SHA-256, and run by kernels of
our own: ``tiktoken``, which mistral-common runs it with, took a quarter of a page's time.
"""

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import language_id
from language_id.decoded import Characters, characters_of
from pipeline.errors import ConfigError
from pipeline.token_counts import Vocabulary, counts, empty_memo, encoded, vocabulary
from pipeline.token_pieces import PATTERN
from pipeline.token_store import kept

TOKENIZERS: Final = {
    "tekken_240911": "1948e2d48b0e7377f1bb5f1210f1ae5f984934e75713fc07e2452729b8365316",
}
"""Name of a file in ``mistral_common/data`` -> its SHA-256."""
_GOLDEN: Final = {
    "tekken_240911": (
        (
            "The bridge was closed for repairs until 2024-05-01.",
            [
                784,
                17314,
                486,
                8323,
                394,
                60280,
                3570,
                32,
                50,
                48,
                50,
                52,
                45,
                48,
                53,
                45,
                48,
                49,
                46,
            ],
        ),
        (
            "橋は修理のため、週末まで閉鎖されていました。",
            [
                64638,
                1312,
                47394,
                11894,
                111014,
                749,
                36257,
                29346,
                16604,
                75420,
                103560,
                150,
                12029,
                1973,
                86419,
                320,
            ],
        ),
        (
            "أُغلق الجسر للصيانة حتى نهاية الأسبوع.",
            [1099, 2404, 1573, 12427, 2552, 6827, 63744, 66062, 8181, 25173, 75310, 46],
        ),
    ),
}
"""Sentences and their tokens, as mistral-common's own code gives them."""


class TokenCounter:
    """Counts tokens of plain text; special tokens are never recognised in it."""

    def __init__(self, name: str = "tekken_240911") -> None:
        """Load and verify a tokenizer; raises ConfigError when it is unknown, absent or damaged."""
        self.name = name
        self._vocabulary = _load(name)
        self._memo = empty_memo()

    def counts(self, characters: Characters) -> NDArray[np.int32]:
        """Tokens of each document of a batch, shape (documents,); see ``token_counts.counts``."""
        return counts(characters, self._vocabulary, self._memo)

    def ids(self, text: str) -> list[int]:
        """Ranks of a text's tokens, for comparison with other implementations."""
        return _ids(self._vocabulary, text)


def _ids(vocabulary: Vocabulary, text: str) -> list[int]:
    ranks: list[int] = encoded(characters_of([text]), vocabulary).tolist()
    return ranks


def verified(name: str) -> bytes:
    """Content of a tokenizer's file; raises ConfigError when it is unknown, absent or damaged."""
    if name not in TOKENIZERS:
        raise ConfigError(f"no tokenizer named {name!r}; there are: {', '.join(TOKENIZERS)}")
    path = files("mistral_common") / "data" / f"{name}.json"
    try:
        content = path.read_bytes()
    except OSError:
        raise ConfigError(
            f"{name}.json is not in the installed mistral-common; reinstall it as "
            "requirements.lock has it"
        ) from None
    if hashlib.sha256(content).hexdigest() != TOKENIZERS[name]:
        raise ConfigError(
            f"{name}.json of the installed mistral-common is not the pinned file: its SHA-256 is "
            "another. Reinstall mistral-common in the version of requirements.lock"
        )
    return content


def _load(name: str) -> Vocabulary:
    content = verified(name)
    loaded = kept(language_id.CACHE, TOKENIZERS[name], lambda: _made(name, content))
    for text, expected in _GOLDEN[name]:
        if _ids(loaded, text) != expected:
            raise ConfigError(
                f"tokenizer {name} fails its self test: {text!r} has other tokens than it should. "
                "Clear the folder of compiled kernels and run `corpusmill compile`"
            )
    return loaded


def _made(name: str, content: bytes) -> Vocabulary:
    model = json.loads(content, object_hook=_bare)
    config = model["config"]
    if config["pattern"] != PATTERN:
        raise ConfigError(f"tokenizer {name} cuts text by a pattern of its own, which is not built")
    size = config["default_vocab_size"] - config["default_num_special_tokens"]
    return vocabulary(model["vocab"][:size])


def _bare(read: dict[str, Any]) -> dict[str, Any] | bytes:
    """Return of a token its bytes alone: as dictionaries, all of them take 100 MB."""
    return base64.b64decode(read["token_bytes"]) if "token_bytes" in read else read
