import dataclasses

import numpy as np
import pandas as pd
import pytest

from reelbook.errors import ReelbookError
from reelbook.metrics.ratings import compute_rmse
from reelbook.models.fitting.grid import (
    BUDGET,
    NDCG,
    RMSE,
    Learned,
    choose_and_refit,
    list_grid,
)
from reelbook.models.registry import list_models, resolve_params
from reelbook.splits.protocols import make_split


def learn_constant(params, ratings):
    return Learned(1, predict=lambda rows: np.full(len(rows), params["level"]))


def learn_shift(calls):
    """The mean plus a shift; notes how many ratings it learned from."""

    def learn(params, ratings):
        calls.append((params["shift"], len(ratings)))
        mean = ratings["rating"].mean() + params["shift"]
        return Learned(1, predict=lambda rows: np.full(len(rows), mean))

    return learn


def test_the_setting_with_the_lowest_validation_error_is_fitted_again_on_both_parts(dataset):
    split = make_split(dataset, "official", fold=1)
    calls = []
    params = {"shift": 9.0, "grid": {"shift": [1.0, 0.0, -1.0]}}
    fit = choose_and_refit(learn_shift(calls), params, dataset, split, by=RMSE)
    train, validation = split.sizes["train"], split.sizes["validation"]
    assert calls == [(1.0, train), (0.0, train), (-1.0, train), (0.0, train + validation)]
    assert fit.extra["chosen"] == {"shift": 0.0}
    assert [row["shift"] for row in fit.extra["tried"]] == [1.0, 0.0, -1.0]
    assert fit.history["setting"].tolist() == [1, 2, 3]
    known = dataset.ratings.iloc[np.union1d(split.train, split.validation)]
    assert fit.predictions["prediction"].iloc[0] == pytest.approx(known["rating"].mean())
    assert len(fit.predictions) == split.sizes["test"]
    assert fit.prediction_seconds > 0


def test_the_validation_figure_is_the_error_on_validation_rows(dataset):
    split = make_split(dataset, "official", fold=1)
    params = {"level": 3.0, "grid": {"level": [3.0, 4.0]}}
    fit = choose_and_refit(learn_constant, params, dataset, split, by=RMSE)
    stars = dataset.ratings["rating"].to_numpy()[split.validation]
    expected = [compute_rmse(stars, np.full(len(stars), level)) for level in (3.0, 4.0)]
    assert fit.history["validation_rmse"].tolist() == expected
    assert fit.metrics[0].value == min(expected)


def test_no_test_row_chooses(dataset):
    split = make_split(dataset, "official", fold=1)
    ratings = dataset.ratings.copy()
    ratings.loc[split.test, "rating"] = 6 - ratings.loc[split.test, "rating"]
    params = {"level": 3.0, "grid": {"level": [1.0, 3.0, 5.0]}}
    other = dataclasses.replace(dataset, ratings=ratings)
    first, second = (
        choose_and_refit(learn_constant, params, d, split, by=RMSE) for d in (dataset, other)
    )
    assert first.extra == second.extra


def test_rankers_are_chosen_by_their_lists(dataset):
    split = make_split(dataset, "stratified")
    held_out = dataset.ratings.iloc[split.validation]
    movies = np.sort(dataset.movies["movie_id"])

    def learn(params, ratings):
        def score(users):
            if params["skill"] == 0:
                return np.zeros((len(users), len(movies)))
            own = held_out.set_index("user_id")["movie_id"]
            return np.array([np.isin(movies, own.loc[[user]]) for user in users], float)

        return Learned(1, score=score)

    params = {"skill": 0.0, "grid": {"skill": [0.0, 1.0]}}
    fit = choose_and_refit(learn, params, dataset, split, by=NDCG)
    assert fit.extra["chosen"] == {"skill": 1.0}
    assert fit.metrics[0].value == 1
    assert fit.predictions is None
    assert fit.validation is None


def test_an_empty_grid_is_one_fit(dataset):
    calls = []
    params = {"shift": 0.0, "grid": {}}
    split = make_split(dataset, "official", fold=1)
    fit = choose_and_refit(learn_shift(calls), params, dataset, split, by=RMSE)
    assert len(calls) == 1
    assert (fit.metrics, fit.extra["tried"], len(fit.history)) == ([], [], 0)


def test_validation_rows_are_predicted_before_they_are_learned_from(dataset):
    split = make_split(dataset, "official", fold=1)
    params = {"shift": 0.0, "grid": {"shift": [1.0, 0.5]}}
    fit = choose_and_refit(learn_shift([]), params, dataset, split, by=RMSE)
    rows = dataset.ratings.iloc[split.validation]
    for key in ("user_id", "movie_id", "rating"):
        assert np.array_equal(fit.validation[key], rows[key])
    expected = dataset.ratings["rating"].iloc[split.train].mean() + 0.5
    assert fit.validation["prediction"].unique() == pytest.approx([expected])
    assert fit.metrics[0].value == compute_rmse(rows["rating"], fit.validation["prediction"])


@pytest.mark.parametrize("quick", [True, False])
def test_what_learns_once_predicts_validation_rows_only_if_it_is_quick(dataset, quick):
    split, calls = make_split(dataset, "official", fold=1), []
    params = {"shift": 0.0, "grid": {}}
    fit = choose_and_refit(learn_shift(calls), params, dataset, split, by=RMSE, quick=quick)
    sizes = [len(split.train), len(split.known)]
    assert [size for _, size in calls] == (sizes if quick else sizes[1:])
    assert (fit.validation is not None) == quick
    assert fit.metrics == []
    known = dataset.ratings["rating"].iloc[split.known].mean()
    assert fit.predictions["prediction"].unique() == pytest.approx([known])


def test_a_grid_beyond_the_budget_is_refused(dataset):
    params = {"level": 3.0, "grid": {"level": list(np.arange(1.0, BUDGET + 2))}}
    with pytest.raises(ReelbookError, match=f"has {BUDGET + 1} settings, and a model may try"):
        choose_and_refit(
            learn_constant, params, dataset, make_split(dataset, "official", fold=1), by=RMSE
        )


def test_every_model_is_within_the_budget():
    for model in list_models():
        assert len(list_grid(resolve_params(model, {}))) <= BUDGET


def test_the_history_can_be_written_and_read(dataset, tmp_path):
    params = {"level": 3.0, "grid": {}}
    fit = choose_and_refit(
        learn_constant, params, dataset, make_split(dataset, "official", fold=1), by=RMSE
    )
    fit.history.to_csv(tmp_path / "history.csv", index=False)
    assert list(pd.read_csv(tmp_path / "history.csv")) == ["setting", "validation_rmse"]
