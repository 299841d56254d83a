"""The Web Docs Scorer's figures per language, its compressibility, and real press releases."""

import random
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.compressibility import compressed_percent
from filters.web_docs import WEB_DOCS_SIGNALS, measure_web_docs
from filters.web_docs_table import (
    DATA,
    GREATEST_FACTOR,
    LEAST_FACTOR,
    factors,
    figures,
    genealogy,
    menu_chars,
    rows,
)
from language_id.decoded import characters_of

NAMES = [signal.name for signal in WEB_DOCS_SIGNALS]
LABELS = st.from_regex(r"[a-z]{3}_[A-Z][a-z]{3}", fullmatch=True)
PROSE = (
    "The river comes down from the hills and turns to the east before it reaches the town, where "
    "an old bridge of stone still carries carts and people over it. In spring the water rises by "
    "a metre or two; those who live on the lower bank keep boats beside their doors, and know by "
    "the colour of the stream when to leave. Nobody remembers who built the mill."
)
OFFICIAL = (
    "bul_Cyrl ces_Latn dan_Latn deu_Latn ekk_Latn ell_Grek eng_Latn fin_Latn fra_Latn gle_Latn "
    "hrv_Latn hun_Latn ita_Latn lit_Latn lvs_Latn mlt_Latn nld_Latn pol_Latn por_Latn ron_Latn "
    "slk_Latn slv_Latn spa_Latn swe_Latn"
)
NEIGHBOURS = (
    "als_Latn bel_Cyrl bos_Latn bre_Latn cat_Latn cnr_Latn cym_Latn eus_Latn fao_Latn gla_Latn "
    "glg_Latn isl_Latn kat_Geor ltz_Latn mkd_Cyrl nno_Latn nob_Latn roh_Latn sme_Latn srp_Cyrl "
    "srp_Latn tur_Latn ukr_Cyrl"
)


@pytest.mark.parametrize("label", f"{OFFICIAL} {NEIGHBOURS}".split())
def test_languages_of_europe_have_figures_of_their_own(label: str) -> None:
    assert figures(label).source == "own"


@pytest.mark.parametrize(
    ("label", "source", "kin"),
    [
        ("ltg_Latn", "genus", "lit_Latn lvs_Latn"),
        ("zsm_Latn", "genus", "ace_Latn ban_Latn bjn_Latn ind_Latn min_Latn sun_Latn"),
        ("mdf_Cyrl", "family", "koi_Cyrl yrk_Cyrl"),
        ("tig_Ethi", "script", "amh_Ethi tir_Ethi"),
        ("grc_Grek", "genus", "ell_Grek"),
        ("xmf_Geor", "genus", "kat_Geor"),
    ],
)
def test_other_languages_have_the_mean_of_their_kin(label: str, source: str, kin: str) -> None:
    found = figures(label)
    assert found.source == source
    assert found.values == pytest.approx(np.mean([rows()[name] for name in kin.split()], axis=0))


def test_a_language_of_no_known_kin_has_the_mean_of_its_script_or_of_all() -> None:
    cyrillic = [values for label, values in rows().items() if label.endswith("Cyrl")]
    assert figures("xyz_Cyrl").values == pytest.approx(np.mean(cyrillic, axis=0))
    assert figures("und_Zyyy").values == pytest.approx(np.mean(list(rows().values()), axis=0))


def test_serbo_croatian_has_the_mean_of_slavic_in_latin_script() -> None:
    assert figures("hbs_Latn").source == "genus"
    assert figures("hbs_Latn").values[0] == pytest.approx(rows()["hrv_Latn"][0], rel=0.2)


@pytest.mark.parametrize("label", ["amh_Ethi", "tir_Ethi", "tig_Ethi"])
def test_ethiopic_is_not_measured_by_latin_tables(label: str) -> None:
    latin = np.mean([values for name, values in rows().items() if name.endswith("Latn")], axis=0)
    assert figures(label).values[3] > latin[3] + 3  # of so many characters fewer repeat
    assert figures(label).values[1] > 1.5 * latin[1]  # a letter is a syllable


def test_the_table_is_sound() -> None:
    values = np.array(list(rows().values()))
    assert list(rows()) == sorted(rows())
    assert len(rows()) > 200
    assert np.isfinite(values).all()
    assert (values > 0).all()
    assert (values[:, 3:] < 100).all()
    assert set(factors("spa_Latn")[:4]) == {1.0}


@given(st.one_of(st.sampled_from(sorted(rows())), LABELS))
def test_every_label_has_factors_within_bounds(label: str) -> None:
    row = factors(label)
    assert all(LEAST_FACTOR <= factor <= GREATEST_FACTOR for factor in row[:3])
    assert row[3] == pytest.approx(1 / row[0])
    assert menu_chars([label])[0] == pytest.approx(30 * row[3])


def test_a_language_has_one_genus() -> None:
    lines = (DATA / "genealogy.tsv").read_text("ascii").splitlines()[2:]
    codes = [code for line in lines for code in line.split("\t")[2].split()]
    assert len(codes) == len(set(codes)) == len(genealogy())


def test_repetition_compresses_and_noise_does_not() -> None:
    noise = "".join(random.Random(2).choices("abcdefghijklmnopqrstuvwxyz ", k=4000))
    found = compressed_percent(*characters_of(["abc " * 1000, PROSE, noise]))
    assert found[0] < 1 < found[1] < 53 < found[2] < 61


def test_nothing_compresses_to_nothing() -> None:
    assert compressed_percent(*characters_of(["", "a", "\x00" * 99])).tolist()[:2] == [0, 0]


def spearman(left, right) -> float:
    return float(np.corrcoef(np.argsort(np.argsort(left)), np.argsort(np.argsort(right)))[0, 1])


@pytest.mark.real
def test_the_estimate_ranks_press_releases_as_zlib_does(shared_data) -> None:
    from filters.data.web_docs_sources import press_releases

    halves = [press_releases(shared_data / "europa", fitted=half) for half in (False, True)]
    latin = [
        text
        for half in halves
        for own, texts in half.items()
        if own.endswith("Latn")
        for text in texts
    ]
    ours = compressed_percent(*characters_of(latin))
    theirs = [len(zlib.compress(text.encode(), 6)) / len(text) for text in latin]
    assert spearman(ours, theirs) > 0.9


@pytest.mark.real
def test_the_shipped_table_is_the_fitted_one(shared_data, tmp_path) -> None:
    from filters.data.fit_web_docs import write

    write(shared_data, tmp_path / "web_docs.tsv")
    assert (tmp_path / "web_docs.tsv").read_bytes() == (DATA / "web_docs.tsv").read_bytes()


@pytest.mark.real
def test_press_releases_not_fitted_on_are_kept_in_every_language(shared_data) -> None:
    from filters.data.web_docs_sources import press_releases
    from language_id.lines import line_language_shares
    from language_id.models import REGISTRY, load

    identifier = load(REGISTRY["lid.176"])
    kept = {}
    for own, texts in press_releases(shared_data / "europa", fitted=False).items():
        batch, langs = characters_of(texts), [own] * len(texts)
        shares = line_language_shares(identifier, *batch, langs, menu_chars(langs))
        found = measure_web_docs(*batch, langs, shares)[:, NAMES.index("wds_score")]
        if len(texts) >= 15:
            kept[own] = float((found >= 0.5).mean())
    assert len(kept) == 22
    assert min(kept.values()) > 0.8, kept
    assert kept["mlt_Latn"] > 0.9
    assert sum(kept.values()) / len(kept) > 0.9
