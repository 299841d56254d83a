"""What is left out of a range before anything dear is done for it; each has a ledger row.

Off by default: what is left out cannot be decided again without its archive. What stays is what
would stay without it: only pages go that no rule could keep, that another page of the range or of
the run says byte for byte, or whose language nobody asked for. A page whose owner objects never
goes this way, for its copies elsewhere must not resurface.
"""

import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from filters.rights import HEAD_BYTES, RightsSignal, from_html, opt_outs
from filters.rules import Rule, failing
from filters.tables import OBJECTIONS
from language_id.identify import Identifier
from language_id.labels import UNKNOWN
from pipeline import derived, ledger
from pipeline.config import Config, Screen
from pipeline.derived import Lists
from pipeline.fingerprint import Parts
from pipeline.judging import described
from pipeline.lists import derived_lists
from pipeline.sandbox import Outcome
from pipeline.schema import DOCUMENTS, schema
from pipeline.storage import StorageOptions

log = logging.getLogger(__name__)

ADDRESSED: Final = pa.schema(
    [schema(DOCUMENTS).field(name) for name in (*derived.COLUMNS, derived.RIGHTS)]
)
"""What rules on addresses look at."""
MAX_PAYLOADS: Final = 1 << 20
"""Pages of a range whose payload is remembered: some 200 MB."""


class Addresses(NamedTuple):
    """The configuration's rules on addresses, whatever the language, and their lists."""

    rules: tuple[Rule, ...]
    lists: Lists

    @property
    def made_from(self) -> Parts:
        """What they depend on, for fingerprints."""
        return {"rules": [described(rule) for rule in self.rules], **self.lists.made_from}


def addresses(config: Config, options: StorageOptions) -> Addresses | None:
    """What addresses are judged by before pages are read, None where nothing asks for it.

    A rule whose bounds differ by language waits for the language. ConfigError for bad lists.
    """
    if not (config.screen.addresses or config.screen.payloads):
        return None
    rules = tuple(rule for rule in config.rules.table() if _is_for_all(rule))
    lists = derived_lists(config, rules, options)
    if lists is None and config.screen.addresses:
        log.warning("screen.addresses: no rule on addresses is among the rules; none is left out")
    return Addresses(rules, lists) if lists else None


def _is_for_all(rule: Rule) -> bool:
    """Whether a rule looks at addresses, with the same bounds in every language."""
    bounds = (rule.low, rule.high)
    return bool(derived.wanted([rule])) and not any(isinstance(b, Mapping) for b in bounds)


class RangeScreen:
    """The screen of one range; remembers the payloads it let through, in the range's order.

    ``earlier``: payloads of earlier ranges, and the pages they are of.
    """

    def __init__(
        self,
        screen: Screen,
        judge: Addresses | None,
        earlier: Mapping[bytes, str] = MappingProxyType({}),
    ) -> None:
        self._screen, self._judge, self._earlier = screen, judge, earlier
        self.seen: dict[bytes, str] = {}
        """Payloads let through so far, and their pages."""

    def __call__(self, batch: Sequence[ledger.Screened]) -> list[ledger.Screened]:
        """The records in their order, those that are left out ended in their rows."""
        if not (self._screen.addresses or self._screen.payloads):
            return list(batch)
        pages = [screened.page for screened in batch if screened.page]
        rejected = iter(self._rejected(pages))
        return [
            screened if screened.page is None else self._looked_at(*screened, next(rejected))
            for screened in batch
        ]

    def _rejected(self, pages: Sequence[ledger.Page]) -> list[list[str]]:
        """Names of the rules on addresses that reject each page."""
        if self._judge is None or not pages:
            return [[] for _ in pages]
        batch = pa.RecordBatch.from_pylist(
            [{**page.columns, "lang": UNKNOWN} for page in pages], ADDRESSED
        )
        rules = self._judge.rules
        columns = derived.derived_columns(batch, rules, self._judge.lists)
        failures: NDArray[np.bool_] = failing(rules, columns, np.zeros(len(pages), int), [UNKNOWN])
        return [[rules[n].name for n in np.flatnonzero(own)] for own in failures.T]

    def _looked_at(
        self, row: dict[str, Any], page: ledger.Page | None, rejected: Sequence[str]
    ) -> ledger.Screened:
        if page is None or OBJECTIONS.intersection(rejected):
            return ledger.Screened(row, page)
        if rejected:
            if self._screen.addresses and not _objects(page):
                return _out(row, "blocked_address", rejected[0])
        elif self._screen.payloads and page.columns["truncated"] is None:
            key = _payload(page)
            twin = self._earlier.get(key) or self.seen.get(key)
            if twin:
                return _out(row, "same_payload", f"same_as:{twin}")
            if len(self.seen) < MAX_PAYLOADS:
                self.seen[key] = page.columns["doc_id"]
        return ledger.Screened(row, page)


def _out(row: dict[str, Any], reason: str, note: str) -> ledger.Screened:
    return ledger.Screened(
        ledger.end(row | {"notes": [*row["notes"], note]}, "skipped", reason), None
    )


def _objects(page: ledger.Page) -> bool:
    """Whether headers or head of a page object. Its marks are ASCII in every usual encoding."""
    sent = [RightsSignal(**signal) for signal in page.columns["rights"]]
    return bool(opt_outs([*sent, *from_html(page.body[:HEAD_BYTES].decode("latin-1"))]))


def _payload(page: ledger.Page) -> bytes:
    """Hash of all that the page's text, its rights and its site depend on: 128 bits."""
    columns = page.columns
    about = [
        {name: value for name, value in page.header.items() if name != "url"},
        columns["domain"] or columns["host"],
        columns["rights"],
    ]
    digest = xxhash.xxh3_128(json.dumps(about, sort_keys=True).encode())
    digest.update(page.body)
    return digest.digest()


def wanted(
    rows: Sequence[dict[str, Any]],
    pages: Sequence[dict[str, Any]],
    languages: Collection[str],
    identifier: Identifier,
    run: Callable[[Mapping[str, Any], bytes], Outcome],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Ledger rows, and of the pages, which were read for their texts only, those that stay.

    The language is the one their document would have, and stays with a page as ``identified``.
    ``run``: the guarded child, which finds the personal data of those that stay.
    """
    place = {row["doc_id"]: number for number, row in enumerate(rows) if row["doc_id"]}
    found = identifier.identify([page["text"] for page in pages])
    ended, staying = list(rows), []
    for page, one in zip(pages, found, strict=True):
        at = place[page["doc_id"]]
        if (lang := one.labels[0]) not in languages:
            ended[at] = ledger.end(rows[at], "skipped", "other_language") | {"lang": lang}
            continue
        header = {"kind": "personal", "url": page["url"], "html_lang": page["html_lang"]}
        outcome = run(header, page["text"].encode())
        if outcome.result is None:
            notes = [outcome.error_class] if outcome.error_class else []
            row = rows[at] | {"notes": [*rows[at]["notes"], *notes]}
            ended[at] = ledger.end(row, "failed", outcome.failure or "error")
            continue
        staying.append({**page, **outcome.result, "identified": one})
    return ended, staying
