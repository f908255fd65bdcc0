import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelbook.models.neighbourhood import pairs
from reelbook.models.neighbourhood.pairs import pair


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 5, 1000]))
def test_every_row_meets_all_that_is_known_of_its_owner(seed, most):
    rng = np.random.default_rng(seed)
    owner, asked = np.sort(rng.integers(0, 6, 20)), rng.integers(0, 9, 15)
    values = rng.integers(0, 3, 20).astype("float32")  # of which many are equal
    met = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "MOST_PAIRS", most)
        blocks = list(pair(owner, asked))
    for block in blocks:
        assert len(block.row) <= most or len(block.rows) == 1
        told = values[block.known]
        sums, largest = block.add_up(told), block.find_largest(told)
        first, last = block.find_least(told), block.find_least(told, last=True)
        for n, row in enumerate(block.rows):
            mine = np.flatnonzero(owner == asked[row])
            assert block.known[block.row == n].tolist() == mine.tolist()
            assert (sums[n], largest[n]) == (values[mine].sum(), values[mine].max())
            least = mine[values[mine] == values[mine].min()]
            assert block.known[[first[n], last[n]]].tolist() == least[[0, -1]].tolist()
        met += block.rows.tolist()
    assert sorted(met) == np.flatnonzero(np.isin(asked, owner)).tolist()


def test_rows_of_nobody_known_make_no_block():
    assert list(pair(np.array([1, 2]), np.array([3, 0]))) == []
    assert list(pair(np.array([1, 2]), np.array([], "int64"))) == []
