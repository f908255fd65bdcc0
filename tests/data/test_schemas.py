import pandas as pd
import pandera.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelbook.data.tables import OWN_SCHEMAS, SCHEMAS, has_repeated

IDS = st.sampled_from([1, 2, 3, 2**31 - 1])


@given(st.lists(st.tuples(IDS, IDS), min_size=1, max_size=12))
def test_a_pair_is_repeated_as_pandas_finds_it(pairs):
    frame = pd.DataFrame(pairs, columns=["user", "movie"], dtype="int32")
    assert has_repeated(frame["user"], frame["movie"]) == frame.duplicated().any()


@pytest.mark.parametrize("schemas", [SCHEMAS, OWN_SCHEMAS], ids=["documented", "own"])
def test_a_table_with_a_pair_twice_is_refused(dataset, schemas):
    again = pd.concat([dataset.ratings, dataset.ratings.tail(1)], ignore_index=True)
    with pytest.raises(pandera.errors.SchemaError, match="a user rated a movie twice"):
        schemas["ratings"].validate(again)
    before = dataset.ratings.copy()
    schemas["ratings"].validate(dataset.ratings, inplace=True)
    pd.testing.assert_frame_equal(dataset.ratings, before)
