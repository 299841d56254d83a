"""Files of flagged words: formats, folders, checksums, and what is told of them."""

import gzip
import logging

import pytest

from filters.word_lists import builtin
from pipeline.errors import ConfigError
from pipeline.list_config import WordListFile, Words
from pipeline.storage import StorageOptions
from pipeline.word_files import flagged_words


def read(*files, shipped=False):
    return flagged_words(Words(builtin=shipped, lists=files), StorageOptions())


def test_a_table_of_languages_and_a_file_of_one(tmp_path):
    (tmp_path / "all.tsv").write_text("# words\nfin_Latn\tsana\nde\tein Wort\n")
    (tmp_path / "fr").write_bytes(gzip.compress(b"mot\ndeux mots\n"))
    (tmp_path / "words.txt").write_text("palabra\nfin_Latn\tlause\n")
    found = read(
        WordListFile(path=str(tmp_path / "all.tsv")),
        WordListFile(path=str(tmp_path / "fr")),
        WordListFile(path=str(tmp_path / "words.txt"), lang="es"),
    )
    assert found.lists.words == {
        "fin_Latn": ("lause", "sana"),
        "deu_Latn": ("ein Wort",),
        "fra_Latn": ("deux mots", "mot"),
        "spa_Latn": ("palabra",),
    }


def test_a_folder_of_files_named_by_language(tmp_path):
    for name, text in {"en": "bad\n", "de.txt": "böse\n", "README.md": "no words\n"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "fr").mkdir()
    file = WordListFile(path=str(tmp_path))
    first = read(file)
    assert first.lists.words == {"eng_Latn": ("bad",), "deu_Latn": ("böse",)}
    (tmp_path / "README.md").write_text("still none\n")
    assert read(file).made_from == first.made_from
    (tmp_path / "en").write_text("worse\n")
    assert read(file).made_from != first.made_from


def test_shipped_words_are_there_unless_switched_off(tmp_path):
    (tmp_path / "fi").write_text("sana\n")
    both = read(WordListFile(path=str(tmp_path / "fi")), shipped=True)
    assert set(both.lists.words["fin_Latn"]) == {*builtin()["fin_Latn"], "sana"}
    assert read().lists.words == {}
    assert read().made_from != read(shipped=True).made_from


def test_a_pinned_list_is_that_one_or_none(tmp_path):
    path = tmp_path / "fi"
    path.write_text("sana\n")
    found = read(WordListFile(path=str(path)))
    assert found.pinned.lists[0].sha256 is not None
    again = flagged_words(found.pinned, StorageOptions())
    assert again.made_from == found.made_from
    assert str(path) not in str(found.made_from)
    path.write_text("toinen\n")
    with pytest.raises(ConfigError, match="the configuration names"):
        flagged_words(found.pinned, StorageOptions())


def test_lines_that_are_no_words_are_counted_and_not_shown(tmp_path, caplog):
    path = tmp_path / "words.tsv"
    path.write_text("fin_Latn\tsana\nsecret\nqqq9\tsecret\n")
    with caplog.at_level(logging.WARNING):
        assert read(WordListFile(path=str(path))).lists.words == {"fin_Latn": ("sana",)}
    assert "2 lines are no entries" in caplog.text
    assert "secret" not in caplog.text
    path.write_text("secret\n")
    with pytest.raises(ConfigError, match="holds no word"):
        read(WordListFile(path=str(path)))
