from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import shards

SIZES = st.dictionaries(
    st.tuples(
        st.sampled_from(["corpus", "removed"]),
        st.sampled_from(["fin_Latn", "mlt_Latn", "ell_Grek"]),
    ),
    st.integers(0, 10**10),
)


@settings(deadline=None)
@given(SIZES, st.floats(0.05, 2), st.integers(1 << 20, 1 << 30))
def test_every_group_has_shards_and_they_are_not_too_large(sizes, packing, shard_bytes):
    layout = shards.plan(sizes, packing, shard_bytes)
    assert len(set(layout.shards)) == len(layout.shards) == sum(layout.sizes.values())
    for key, size in sizes.items():
        own = layout.shards[layout.starts[key] : layout.starts[key] + layout.sizes[key]]
        assert [(s.table, s.lang) for s in own] == [key] * len(own)
        assert [s.number for s in own] == list(range(len(own)))
        assert size * packing / len(own) <= shard_bytes * 1.0001
        assert len(own) == 1 or size * packing / (len(own) - 1) > shard_bytes * 0.999


def test_paths_are_hive_partitions():
    assert shards.Shard("corpus", "fin_Latn", 3).path == "corpus/lang=fin_Latn/part-00003.parquet"
