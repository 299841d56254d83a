"""The configuration's duplicates: how they are found, and which copy stays."""

import re
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from dedup.bands import Check
from dedup.shingling import MOST, Shingling, Unit
from pipeline.crawls import PATTERN
from pipeline.section import Section

KeepKey = Literal["passes", "not_opted_out", "lang_score", "longest", "newest", "oldest"]


class Duplicates(Section):
    """How duplicates are found and which copy stays; ``docs/duplicates.md`` explains the choices.

    ``shingle_unit`` and ``shingle_length`` (say, 5 words) and the product of bands and rows decide
    the signature, so a change of them extracts again. ``minimum_similarity`` is what two candidates
    need in the ``check``: of their signatures, of their shingles' Jaccard similarity, or none.
    """

    shingle_unit: Unit = "words"
    shingle_length: int = Field(default=5, ge=1, le=MOST)
    bands: int = Field(default=14, ge=1)
    rows: int = Field(default=8, ge=1)
    check: Check = "signature"
    minimum_similarity: float = Field(default=0.65, ge=0, le=1)
    scope: Literal["language", "crawl", "global"] = "language"
    crawl_pattern: str = PATTERN
    keep_order: tuple[KeepKey, ...] = (
        "passes", "not_opted_out", "lang_score", "newest", "longest",
    )  # fmt: skip
    rights: Literal["cluster", "copy"] = "cluster"
    against: tuple[str, ...] = ()
    symmetric: bool = False
    mixed_language_models: bool = False
    edge_cap: int = Field(default=200_000_000, ge=0)
    newest_per_url: bool = False

    @model_validator(mode="after")
    def _passing_first(self) -> Self:
        if not self.keep_order or self.keep_order[0] != "passes":
            raise ValueError(
                "keep_order must start with 'passes': else a cluster whose best copy a rule "
                "rejects would vanish whole"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _none_needs_no_similarity(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("check") == "none":
            given = {"minimum_similarity": 0.0, **given}
            if given["minimum_similarity"] != 0:
                raise ValueError("check is 'none': set minimum_similarity = 0, or choose a check")
        return given

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            re.compile(self.crawl_pattern)
        except re.error as error:
            raise ValueError(f"crawl_pattern is no regular expression: {error}") from None
        return self

    @property
    def hashes(self) -> int:
        """MinHash values a document has."""
        return self.bands * self.rows

    @property
    def shingling(self) -> Shingling:
        """What signatures are made of."""
        return Shingling(self.shingle_unit, self.shingle_length)

    @property
    def signature(self) -> dict[str, int | str]:
        """What stored signatures must agree in to be compared."""
        return self.model_dump(include={"shingle_unit", "shingle_length"}) | {"hashes": self.hashes}
