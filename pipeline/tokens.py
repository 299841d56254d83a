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


def _load(name: str) -> tiktoken.Encoding:
    if name not in TOKENIZERS:
        raise ConfigError(f"no tokenizer named {name!r}; there are: {', '.join(TOKENIZERS)}")
    path = files("mistral_common") / "data" / f"{name}.json"
    try:
        content = path.read_bytes()
    except OSError:
        raise ConfigError(f"{name}.json is not in the installed mistral-common") from None
    if hashlib.sha256(content).hexdigest() != TOKENIZERS[name]:
        raise ConfigError(f"{name}.json of the installed mistral-common is not the pinned file")
    model = json.loads(content)
    config = model["config"]
    size = config["default_vocab_size"] - config["default_num_special_tokens"]
    ranks = {base64.b64decode(t["token_bytes"]): t["rank"] for t in model["vocab"][:size]}
    return tiktoken.Encoding(
        name, pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={}
    )
