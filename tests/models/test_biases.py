"""Damped biases: as the package Surprise learns them, and by hand."""

import numpy as np
import pandas as pd
import pytest
import surprise

from reelbook.models import biases


def test_they_are_those_of_surprise(dataset):
    params = {"reg_u": 7.0, "reg_i": 3.0}
    known = biases.number_ratings(dataset.ratings)
    predict = biases.learn_biases(known, params)
    found = biases.predict_rows(predict, dataset.ratings, known=known)

    reader = surprise.Reader(rating_scale=known.scale)
    columns = dataset.ratings[["user_id", "movie_id", "rating"]]
    theirs = surprise.BaselineOnly(bsl_options={"method": "als"} | params, verbose=False)
    theirs.fit(surprise.Dataset.load_from_df(columns, reader).build_full_trainset())
    for row, stars in zip(columns.itertuples(), found, strict=True):
        expected = theirs.predict(row.user_id, row.movie_id, clip=False).est
        assert stars == pytest.approx(expected, abs=1e-9)


def test_by_hand():
    """Two users, one movie: b_i = 1 / (1 + 2) and so on until nothing moves."""
    ratings = pd.DataFrame({"user_id": [5, 9], "movie_id": [3, 3], "rating": [4.0, 2.0]})
    known = biases.number_ratings(ratings)
    predict = biases.learn_biases(known, {"reg_u": 1.0, "reg_i": 1.0})
    # b_i = 0 by symmetry; b_u = (r - 3) / (1 + 1)
    assert biases.predict_rows(predict, ratings, known=known).tolist() == [3.5, 2.5]
    others = pd.DataFrame({"user_id": [5, 1], "movie_id": [8, 8]})
    assert biases.predict_rows(predict, others, known=known).tolist() == [3.5, 3.0]
    assert np.array_equal(known.users, [5, 9])
