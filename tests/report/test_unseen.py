from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reelbook.models import registry
from reelbook.report.unseen import count_unseen, describe_unseen
from reelbook.splits.protocols import make_split

RATINGS = pd.DataFrame({"user_id": [1, 1, 2, 2, 3], "movie_id": [1, 2, 1, 3, 1]})


def make_run(*rows):
    record = SimpleNamespace(split={"fingerprint": str(rows)})
    return SimpleNamespace(record=record, predictions=RATINGS.iloc[list(rows)].reset_index())


def test_who_is_tested_and_nowhere_else_is_unseen():
    # Movie 3 is rated in row 3 only, user 3 in row 4 only; movie 2 in row 1 only.
    assert count_unseen(RATINGS, [make_run(0, 3)]) == (0, 1, 1)
    assert count_unseen(RATINGS, [make_run(3), make_run(3)]) == (0, 1, 1)  # two seeds of one split
    assert count_unseen(RATINGS, [make_run(0), make_run(3, 4), make_run(1)]) == (1, 2, 3)


def test_a_page_says_how_many_and_how_they_are_predicted():
    groups = {name: [make_run(3, 4)] for name in ("mf.biased", "mf.dot", "mf.implicit")}
    assert describe_unseen(RATINGS, groups) == (
        "**2 test ratings** are of 1 user or 1 movie without any rating to learn from, predicted "
        "by the mean and what is known of the other one (`mf.biased` and `mf.implicit`); by 0 "
        "stars (`mf.dot`)."
    )
    assert describe_unseen(RATINGS, {"mf.dot": [make_run(1)]}) == (
        "**1 test rating** is of 1 movie without any rating to learn from, predicted by 0 stars "
        "(`mf.dot`)."
    )
    assert describe_unseen(RATINGS, {"mf.dot": [make_run(0)]}) == (
        "Every user and movie that is tested has ratings to learn from."
    )


def test_every_model_of_stars_says_what_it_does():
    models = registry.list_models().items()
    assert [name for name, a in models if a.predicts != "lists" and not a.unseen] == []


@pytest.mark.parametrize(
    "model", ["mf.dot", "mf.sigmoid", "mf.biased", "baseline.mean", "baseline.biases", "bayes.mf"]
)
def test_what_is_said_is_what_is_predicted(dataset, model):
    """A user's ratings of movies that nobody rated before."""
    split = make_split(dataset, "cold-movies")
    params = {"grid": {}} if "grid" in registry.resolve_params(model, {}) else {}
    params |= {
        name: 2 for name in ("epochs", "draws") if name in registry.resolve_params(model, {})
    }
    found = registry.fit(model, params, dataset, split, 0).predictions
    words = registry.describe_model(model).unseen
    known = dataset.ratings["rating"].iloc[np.union1d(split.train, split.validation)]
    if words == "0 stars":
        assert (found["prediction"] == 0).all()
    elif words == "the middle of the range of stars":
        assert np.allclose(found["prediction"], 3)
    elif words == "the mean":
        assert np.allclose(found["prediction"], known.mean())
    else:
        assert words == "the mean and what is known of the other one"
        by_user = found.groupby("user_id")["prediction"]
        assert np.allclose(by_user.max(), by_user.min(), atol=1e-5)
        assert by_user.first().std() > 0
