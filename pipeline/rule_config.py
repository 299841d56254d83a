"""The configuration's rules: which decide, in which order, and with which bounds."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from filters.rules import ANY, Bounds, Rule
from filters.tables import RULES
from pipeline.section import Section

PerLanguage = float | dict[str, float] | None


class Bound(Section):
    """A rule's bounds in place of its table's; ``nan`` cannot be written, absent means none.

    A table by language without "*" changes only what it names: other languages, and the bound that
    is absent beside it, stay as they are.
    """

    low: PerLanguage = None
    high: PerLanguage = None


class Rules(Section):
    """Which rules decide, in this order, and where their bounds differ from their source."""

    order: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    bounds: dict[str, Bound] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Self:
        unknown = sorted({*self.order, *self.without, *self.bounds} - RULES.keys())
        if unknown:
            raise ValueError(f"no such rule: {', '.join(unknown)}")
        return self

    def table(self) -> tuple[Rule, ...]:
        """The rules that decide, in order, with their bounds."""
        chosen = [RULES[name] for name in self.order if name not in self.without]
        return tuple(_bounded(rule, self.bounds.get(rule.name)) for rule in chosen)


def _bounded(rule: Rule, bound: Bound | None) -> Rule:
    if bound is None:
        return rule
    low: Bounds = bound.low
    high: Bounds = bound.high
    if _is_partial(low) or _is_partial(high):
        low, high = (
            own if given is None else over(own, given)
            for own, given in ((rule.low, low), (rule.high, high))
        )
    return Rule(rule.name, rule.signal, low, high, "configuration")


def _is_partial(bounds: object) -> bool:
    """Whether bounds name some languages only."""
    return isinstance(bounds, Mapping) and ANY not in bounds


def over(own: Bounds, given: Bounds) -> Bounds:
    """Bounds with others in their place; a table without "*" replaces only what it names.

    >>> over(3, {"fin_Latn": 4})
    {'*': 3, 'fin_Latn': 4}
    """
    if not isinstance(given, Mapping) or ANY in given or own is None:
        return given
    return {**(own if isinstance(own, Mapping) else {ANY: own}), **given}
