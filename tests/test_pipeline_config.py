import tomllib

import pytest

from pipeline import config
from pipeline.errors import ConfigError


@pytest.mark.parametrize("name", config.presets())
def test_every_preset_loads_and_reads_back_the_same(name, tmp_path):
    resolved = config.load(name)
    path = tmp_path / "own.toml"
    path.write_text(config.to_toml(resolved))
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
