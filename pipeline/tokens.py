"""How many tokens a text is worth: counted with a real multilingual tokenizer, in linear time.

The tokenizer is Mistral's Tekken (byte-pair encoding, 130,072 mergeable tokens), as the package
``mistral-common`` ships it; its file is read as data, verified by SHA-256, and run by ``tiktoken``.
"""

import base64
import hashlib
import json
import re
from importlib.resources import files
from typing import Final

import tiktoken

from pipeline.errors import ConfigError

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

MAX_RUN_CHARS: Final = 2000
# A run is looked at from its first character only, so the search is linear.
_LONG_RUN: Final = re.compile(
    rf"(?<!\S)\S{{{MAX_RUN_CHARS + 1},}}|(?<!\s)\s{{{MAX_RUN_CHARS + 1},}}"
)


class TokenCounter:
    """Counts tokens of plain text; special tokens are never recognised in it."""

    def __init__(self, name: str = "tekken_240911") -> None:
        """Load and verify a tokenizer; raises ConfigError when it is unknown, absent or damaged."""
        self.name = name
        self._encoding = _load(name)

    def count(self, text: str) -> int:
        """Tokens of ``text``.

        Runs of more than MAX_RUN_CHARS characters without white space, or of nothing else, are cut
        first: merging is quadratic in a run, and one without end overflows the pattern's stack.
        Each cut adds at most a few tokens.
        """
        return sum(len(self._encoding.encode_ordinary(piece)) for piece in _pieces(text))

    def ids(self, text: str) -> list[int]:
        """Ranks of the tokens, for comparison with other implementations."""
        return [rank for piece in _pieces(text) for rank in self._encoding.encode_ordinary(piece)]


def _pieces(text: str) -> list[str]:
    """``text`` in order, cut within its long runs and nowhere else."""
    cuts = [0]
    for run in _LONG_RUN.finditer(text):
        cuts.extend(range(run.start() + MAX_RUN_CHARS, run.end(), MAX_RUN_CHARS))
    return [text[a:b] for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)]


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


def _load(name: str) -> tiktoken.Encoding:
    model = json.loads(verified(name))
    config = model["config"]
    size = config["default_vocab_size"] - config["default_num_special_tokens"]
    ranks = {base64.b64decode(t["token_bytes"]): t["rank"] for t in model["vocab"][:size]}
    encoding = tiktoken.Encoding(
        name, pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={}
    )
    for text, expected in _GOLDEN[name]:
        if encoding.encode_ordinary(text) != expected:
            raise ConfigError(
                f"tokenizer {name} fails its self test: {text!r} has other tokens than it should. "
                "Reinstall tiktoken in the version of requirements.lock"
            )
    return encoding
