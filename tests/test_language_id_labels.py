"""Labels of every model family come out as one set of labels."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language_id.labels import UNKNOWN, canonical, name
from language_id.models import REGISTRY

# The 176 labels of lid.176, as its .ftz file returns them.
_LID_176 = """
af als am an ar arz as ast av az azb ba bar bcl be bg bh bn bo bpy br bs bxr ca cbk ce ceb ckb co
cs cv cy da de diq dsb dty dv el eml en eo es et eu fa fi fr frr fy ga gd gl gn gom gu gv he hi
hif hr hsb ht hu hy ia id ie ilo io is it ja jbo jv ka kk km kn ko krc ku kv kw ky la lb lez li
lmo lo lrc lt lv mai mg mhr min mk ml mn mr mrj ms mt mwl my myv mzn nah nap nds ne new nl nn no
oc or os pa pam pfl pl pms pnb ps pt qu rm ro ru rue sa sah sc scn sco sd sh si sk sl so sq sr su
sv sw ta te tg th tk tl tr tt tyv ug uk ur uz vec vep vi vls vo wa war wuu xal xmf yi yo yue zh
"""
LID_176 = _LID_176.split()
LABEL = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")


@pytest.mark.parametrize(
    ("label", "script", "expected"),
    [
        ("no", None, "nob_Latn"),
        ("nb", None, "nob_Latn"),
        ("nn", None, "nno_Latn"),
        ("sq", None, "als_Latn"),
        ("lv", None, "lvs_Latn"),
        ("et", None, "ekk_Latn"),
        ("zh", "Hani", "cmn_Hani"),
        ("sh", "Latn", "hbs_Latn"),
        ("ar", None, "arb_Arab"),
        ("fa", None, "fas_Arab"),
        ("ms", None, "zsm_Latn"),
        ("tl", None, "fil_Latn"),
        ("ja", "Hani", "jpn_Jpan"),
        ("ja", "Jpan", "jpn_Jpan"),
        ("ko", "Hani", "kor_Hang"),
        ("sr", None, "srp_Cyrl"),
        ("sr", "Latn", "srp_Latn"),
        ("sr", "Zyyy", "srp_Cyrl"),
        ("uz", "Cyrl", "uzn_Cyrl"),
        ("az", "Thai", "azj_Latn"),
        ("kk", "Latn", "kaz_Latn"),
        ("hi", "Latn", "hin_Latn"),
        ("rus", "Latn", "rus_Cyrl"),
        ("__label__fin_Latn", None, "fin_Latn"),
        ("__label__fin_Latn", "Cyrl", "fin_Latn"),
        ("__label__zho_Hant", None, "cmn_Hani"),
        ("__label__yue_Hant", None, "yue_Hani"),
        ("__label__ara_Arab", None, "arb_Arab"),
        ("__label__prs_Arab", None, "fas_Arab"),
        ("__label__pes_Arab", None, "fas_Arab"),
        ("__label__est_Latn", None, "ekk_Latn"),
        ("__label__tgl_Latn", None, "fil_Latn"),
        ("__label__zxx_Zxxx", None, "zxx_Zxxx"),
        ("ger", None, "deu_Latn"),
        ("deu", None, "deu_Latn"),
        ("aai", None, "aai_Latn"),
        ("nb-NO", None, "nob_Latn"),
        ("pt_BR", None, "por_Latn"),
        ("sr-Latn", None, "srp_Latn"),
        ("sr-latn-RS", None, "srp_Latn"),
        ("zh-Hant-TW", None, "cmn_Hani"),
        ("zh-yue", None, "yue_Hani"),
        ("EN", None, "eng_Latn"),
        ("", None, UNKNOWN),
        ("xx", None, UNKNOWN),
        ("english", None, UNKNOWN),
        ("und", None, UNKNOWN),
        ("x-klingon", None, UNKNOWN),
        ("e" * 1_000_000, None, UNKNOWN),
    ],
)
def test_each_spelling_has_one_label(label, script, expected):
    assert canonical(label, script) == expected


def test_every_label_of_lid_176_is_a_language_of_its_own():
    own = REGISTRY["lid.176"].overrides  # "als" is Alemannic there, Tosk Albanian elsewhere
    mapped = {label: own.get(label) or canonical(label) for label in LID_176}
    assert len(mapped) == 176
    assert UNKNOWN not in mapped.values()
    assert len(set(mapped.values())) == 176


@given(st.text(max_size=80), st.none() | st.text(max_size=6))
def test_any_string_gives_a_well_formed_label_and_twice_the_same(label, script):
    found = canonical(label, script)
    assert LABEL.fullmatch(found)
    assert canonical(found) == found or found == UNKNOWN


def test_names():
    assert name("fin_Latn") == "Finnish"
    assert name("srp_Latn") == "Serbian (Latn)"
    assert name("aai_Latn") == "aai"
    assert all(name(canonical(label)) != canonical(label)[:3] for label in LID_176)


@pytest.mark.real
def test_labels_of_fineweb_2_are_canonical_and_found_by_their_code_and_script(shared_data: Path):
    with (shared_data / "fineweb2" / "thresholds.csv").open(encoding="utf-8") as file:
        labels = [row["lang"] for row in csv.DictReader(file)]
    assert len(labels) == 1929
    for label in labels:
        code, script = label.split("_")
        assert canonical(label) == label
        assert canonical(code, script) == label
