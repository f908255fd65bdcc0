import numpy as np

from reelbook.splits.inner import make_inner_split
from reelbook.splits.protocols import make_split


def test_what_chooses_sees_no_test_row(dataset):
    split = make_split(dataset, "stratified", seed=3)
    inner = make_inner_split(dataset, split)
    assert np.array_equal(inner.known, split.train)
    assert np.array_equal(inner.test, split.validation)
    assert inner.fingerprint == make_inner_split(dataset, split).fingerprint
    assert (inner.protocol, inner.seed) == ("stratified-inner", 3)
