"""Line edits on rows: text, spans and personal data of chosen rows, and what is left to judge."""

import numpy as np
import pyarrow as pa

from filters.pii import find
from filters.rules import Rule
from pipeline import config
from pipeline.criteria import Criteria
from pipeline.edits import NOTHING_LEFT, edited, edited_char_count, removals
from pipeline.judging import judged_columns, judgement, named, named_lists
from pipeline.schema import SPANS

STEPS = ("c4", "refinedweb")
PAGE = """Contact
Write to jane.doe@example.org about the mill.[1]
NEVER WRITE TO JOHN.DOE@EXAMPLE.ORG HERE
Or call mill@example.com on any other day.
"""
LEFT = """Write to jane.doe@example.org about the mill.
Or call mill@example.com on any other day.
"""
SHOUT = "ALL OF THIS IS LOUD"


def batch(*texts: str) -> pa.RecordBatch:
    spans = [[span._asdict() for span in find(text, None)] for text in texts]
    return pa.record_batch(
        [
            pa.array(texts),
            pa.array(texts, pa.string()),
            pa.array(["eng_Latn"] * len(texts)),
            pa.array(spans, SPANS),
        ],
        ["text", "markdown", "lang", "pii"],
    )


def test_chosen_rows_are_edited_and_their_spans_moved() -> None:
    rows = batch(PAGE, PAGE, "", "A line that stays.")
    found = edited(rows, STEPS, pa.array([True, False, True, True]))
    assert found.schema.names == ["text", "markdown", "lang", "pii", "edits"]
    assert found.column("markdown").to_pylist() == [None, PAGE, "", "A line that stays."]
    assert found.column("text").to_pylist() == [LEFT, PAGE, "", "A line that stays."]
    first = found.to_pylist()[0]
    assert [LEFT[span["start"] : span["end"]] for span in first["pii"]] == [
        "jane.doe@example.org",
        "mill@example.com",
    ]
    assert [(PAGE[span["start"] : span["end"]], span["kind"]) for span in first["edits"]] == [
        ("Contact\n", "c4.few_words"),
        ("[1]", "c4.citation"),
        ("NEVER WRITE TO JOHN.DOE@EXAMPLE.ORG HERE\n", "refinedweb.upper_case"),
    ]
    assert found.column("edits").to_pylist()[1:] == [[], [], []]
    assert found.column("pii")[1] == rows.column("pii")[1]


def test_without_steps_or_chosen_rows_nothing_changes() -> None:
    rows = batch(PAGE, SHOUT)
    for found in (
        edited(rows, (), pa.array([True, True])),
        edited(rows, STEPS, pa.array([False, False])),
        edited(rows.slice(1), STEPS, pa.array([False])),
    ):
        assert found.column("edits").to_pylist() == [[]] * found.num_rows
        assert found.column("text").to_pylist() == [PAGE, SHOUT][-found.num_rows :]


def test_a_slice_is_edited_as_its_own_rows() -> None:
    found = edited(batch("x", PAGE, SHOUT).slice(1, 1), STEPS, pa.array([True]))
    assert found.column("text").to_pylist() == [LEFT]


def test_what_is_left_is_counted_without_white_space() -> None:
    texts = pa.array([LEFT, PAGE, SHOUT, "", "\n \n", None])
    counts = edited_char_count(texts, ["eng_Latn"] * 6, STEPS)
    filled = len("".join(LEFT.split()))
    assert counts.tolist() == [filled, filled, 0, 0, 0, 0]
    assert [len(gone) for gone in removals(texts, ["eng_Latn"] * 6, STEPS)] == [0, 3, 1, 0, 0, 0]


def judged(steps: tuple[str, ...], *texts: str) -> list[tuple[str | None, list[str]]]:
    rows = batch(*texts)
    words = pa.array(np.array([len(text.split()) for text in texts], np.int32))
    rows = pa.record_batch([*rows.columns, words], [*rows.schema.names, "word_count"])
    rules = (Rule("x.words", "word_count", 2, None, "here"), *((NOTHING_LEFT,) if steps else ()))
    criteria = Criteria(rules, steps)
    found = judgement(rows, criteria)
    first, failed = named(found.first, criteria.names), named_lists(found.failures, criteria.names)
    return list(zip(first.to_pylist(), failed.to_pylist(), strict=True))


def test_a_document_that_edits_would_empty_is_rejected_visibly() -> None:
    name = NOTHING_LEFT.name
    assert judged(STEPS, PAGE, SHOUT, "Short") == [
        (None, []),
        (name, [name]),
        ("x.words", ["x.words", name]),
    ]
    assert judged((), PAGE, SHOUT) == [(None, []), (None, [])]


def test_the_text_is_read_to_judge_only_where_it_is_edited() -> None:
    assert "text" not in judged_columns([])
    assert "text" in judged_columns([NOTHING_LEFT])


def test_the_configuration_names_the_steps(tmp_path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[edits]\nsteps = ["c4_original", "refinedweb"]\n')
    assert config.load(None, str(own)).edits.steps == ("c4_original", "refinedweb")
    assert config.load().edits.steps == ()
