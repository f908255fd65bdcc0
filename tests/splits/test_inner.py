import numpy as np

from reelbook.splits.inner import make_inner_split
from reelbook.splits.protocols import make_split


def test_what_chooses_sees_no_test_row(dataset):
    split = make_split(dataset, "stratified", seed=3)
    inner = make_inner_split(dataset, split)
    assert np.array_equal(inner.known, split.train)
    assert np.array_equal(inner.test, split.validation)
    assert inner.fingerprint == make_inner_split(dataset, split).fingerprint
    assert (inner.protocol, inner.fold, inner.seed) == ("stratified-inner", None, 3)


def test_it_has_the_fold_and_the_rules_of_the_other_one(dataset):
    for protocol, fold in (("official", 2), ("cold-movies", None)):
        split = make_split(dataset, protocol, fold=fold)
        inner = make_inner_split(dataset, split)
        assert (inner.fold, inner.rules) == (fold, split.rules)
