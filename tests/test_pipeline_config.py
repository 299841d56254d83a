import tomllib

import pytest

from pipeline import config
from pipeline.config_toml import to_toml
from pipeline.errors import ConfigError


@pytest.mark.parametrize("name", config.presets())
def test_every_preset_loads_and_reads_back_the_same(name, tmp_path):
    resolved = config.load(name)
    path = tmp_path / "own.toml"
    path.write_text(to_toml(resolved))
    assert config.load(None, str(path)) == resolved


def test_the_issue_names_these_presets():
    assert {"openeurollm", "fineweb", "fineweb2", "hplt"} <= set(config.presets())
    assert config.load().preset == "openeurollm"


def test_a_file_changes_only_what_it_names(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('preset = "hplt"\n[output]\nshard_mib = 7\n')
    own, preset = config.load(None, str(path)), config.load("hplt")
    assert own.output.shard_mib == 7
    assert own.model_copy(update={"output": preset.output}) == preset


def test_bounds_of_a_rule_can_differ_per_language(tmp_path):
    rule = config.load().rules.table()[-1]
    path = tmp_path / "own.toml"
    path.write_text(f'[rules.bounds."{rule.name}"]\nhigh = {{ "*" = 1.5, mlt_Latn = 2.5 }}\n')
    changed = config.load(None, str(path)).rules.table()[-1]
    assert (changed.name, changed.signal) == (rule.name, rule.signal)
    assert changed.high == {"*": 1.5, "mlt_Latn": 2.5}
    assert changed.low is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[output]\nshards_mib = 7\n", "output.shards_mib"),
        ("[output]\nshard_mib = 0\n", "output.shard_mib"),
        ('[rules]\norder = ["gopher.nonsense"]\n', "gopher.nonsense"),
        ('[duplicates]\nkeep_order = ["longest"]\n', "passes"),
        ('preset = "nope"\n', "nope"),
        ("[output\n", "not TOML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, named):
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=named):
        config.load(None, str(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.toml: no such"):
        config.load(None, str(tmp_path / "absent.toml"))


def test_presets_say_nothing_the_schema_does_not_know():
    for text in config.presets().values():
        config.Config.model_validate(tomllib.loads(text))


def bounds_of(tmp_path, text, rule, preset="fineweb2"):
    path = tmp_path / "own.toml"
    path.write_text(text)
    table = {r.name: r for r in config.load(preset, str(path)).rules.table()}
    own = {r.name: r for r in config.load(preset).rules.table()}
    return own[rule], table[rule]


def test_a_table_for_one_language_leaves_the_others_their_own_bounds(tmp_path):
    name = "fineweb2.top_2gram"
    text = f'[rules.bounds."{name}"]\nhigh = {{ fin_Latn = 0.5 }}\n'
    own, changed = bounds_of(tmp_path, text, name)
    assert changed.high == {**own.high, "fin_Latn": 0.5}
    assert changed.low is None


def test_a_table_with_a_star_replaces_all_of_them(tmp_path):
    name = "fineweb2.mean_word_chars"
    text = f'[rules.bounds."{name}"]\nhigh = {{ "*" = 9, fin_Latn = 20 }}\n'
    _, changed = bounds_of(tmp_path, text, name)
    assert (changed.low, changed.high) == (None, {"*": 9, "fin_Latn": 20})


def test_a_table_for_one_language_leaves_the_bound_beside_it(tmp_path):
    name = "fineweb2.mean_word_chars"
    text = f'[rules.bounds."{name}"]\nhigh = {{ fin_Latn = 20 }}\n'
    own, changed = bounds_of(tmp_path, text, name)
    assert (changed.low, changed.high) == (own.low, {**own.high, "fin_Latn": 20})


def test_a_number_of_the_rule_becomes_that_of_the_other_languages(tmp_path):
    name = "gopher.word_count"
    text = f'[rules.bounds."{name}"]\nlow = {{ mlt_Latn = 30 }}\n'
    own, changed = bounds_of(tmp_path, text, name)
    assert changed.low == {"*": own.low, "mlt_Latn": 30}
    assert changed.high == own.high


def test_where_the_rule_asks_nothing_only_the_named_language_is_asked(tmp_path):
    name = "gopher.hash_ratio"
    text = f'[rules.bounds."{name}"]\nlow = {{ mlt_Latn = 0.01 }}\n'
    own, changed = bounds_of(tmp_path, text, name)
    assert (changed.low, changed.high) == ({"mlt_Latn": 0.01}, own.high)


def test_a_number_of_the_preset_stays_for_the_other_languages(tmp_path):
    """openeurollm sets fineweb2.alphabetic_words to .7 for all, and language scores by a table."""
    name = "fineweb2.alphabetic_words"
    text = f'[rules.bounds."{name}"]\nlow = {{ mlt_Latn = 0.6 }}\n'
    _, changed = bounds_of(tmp_path, text, name, "openeurollm")
    assert changed.low == {"*": 0.7, "mlt_Latn": 0.6}
    text = '[rules.bounds."language.score"]\nlow = { fin_Latn = 0.9 }\n'
    own, changed = bounds_of(tmp_path, text, "language.score", "openeurollm")
    assert changed.low == {**own.low, "fin_Latn": 0.9}


def test_one_languages_bound_is_printed_and_read_back(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('[rules.bounds."fineweb2.top_2gram"]\nhigh = { fin_Latn = 0.5 }\n')
    resolved = config.load("fineweb2", str(path))
    again = tmp_path / "again.toml"
    again.write_text(to_toml(resolved))
    assert config.load(None, str(again)).rules.table() == resolved.rules.table()


def test_a_check_that_is_off_asks_no_similarity(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('[duplicates]\ncheck = "none"\n')
    assert config.load(None, str(own)).duplicates.minimum_similarity == 0
    own.write_text('[duplicates]\ncheck = "none"\nminimum_similarity = 0.7\n')
    with pytest.raises(ConfigError, match="check is 'none': set minimum_similarity = 0"):
        config.load(None, str(own))
    own.write_text("[duplicates]\nminimum_similarity = 0.7\n")
    with pytest.raises(ConfigError, match="or choose a check"):
        config.load("fineweb", str(own))
    own.write_text(to_toml(config.load("fineweb")))
    assert config.load(None, str(own)) == config.load("fineweb")


@pytest.mark.parametrize("length", [0, 101])
def test_shingles_of_no_length(tmp_path, length):
    own = tmp_path / "own.toml"
    own.write_text(f"[duplicates]\nshingle_length = {length}\n")
    with pytest.raises(ConfigError, match=r"duplicates\.shingle_length"):
        config.load(None, str(own))
