"""What documents are judged by: rules, in order, and what those look at that no column holds."""

from typing import NamedTuple

from filters.rules import Rule
from pipeline.config import Config
from pipeline.derived import Lists
from pipeline.edits import NOTHING_LEFT
from pipeline.lists import derived_lists
from pipeline.repeat_config import Repeats
from pipeline.storage import StorageOptions


class Criteria(NamedTuple):
    """Rules in order, the line edits that must leave a text, the lists for addresses.

    ``repeats`` and ``newest_per_url`` say what is decided after them over the whole corpus.

    Pickled whole: a cluster's workers get it once each, by broadcast.
    """

    rules: tuple[Rule, ...]
    edit_steps: tuple[str, ...] = ()
    lists: Lists | None = None
    repeats: Repeats = Repeats()
    newest_per_url: bool = False

    @property
    def names(self) -> list[str]:
        """Names of the rules, in order."""
        return [rule.name for rule in self.rules]


def criteria(config: Config, options: StorageOptions) -> Criteria:
    """The configuration's criteria, its lists read; ConfigError tells what is wrong with one."""
    rules = config.rules.table()
    lists = derived_lists(config, rules, options)
    steps = config.edits.steps
    judged = (*rules, NOTHING_LEFT) if steps else rules
    return Criteria(judged, steps, lists, config.repeats, config.duplicates.newest_per_url)
