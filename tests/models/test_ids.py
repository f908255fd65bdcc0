import pandas as pd
import pytest

from reelbook.errors import ReelbookError
from reelbook.models.features.ids import check_vocabulary, encode_values


def test_a_vocabulary_that_is_not_shared_stops_with_the_values():
    rated = pd.Series(["You So Crazy", "Heat"], name="rated titles")
    vocabulary = pd.Series(["b'You So Crazy (1994)'", "b'Heat (1995)'"])
    with pytest.raises(ReelbookError, match="rated titles: 2 different values .* 'Heat', 'You So"):
        check_vocabulary(rated, vocabulary)
    with pytest.raises(ReelbookError, match="spelled like \"b'You So Crazy"):
        encode_values(rated, vocabulary)
