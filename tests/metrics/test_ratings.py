import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from reelbook.errors import ReelbookError
from reelbook.metrics.bootstrap import NUM_RESAMPLES, compute_interval
from reelbook.metrics.ratings import (
    compare_paired,
    compute_error_by_count,
    compute_rmse,
    estimate_metric,
    evaluate_ratings,
    measure_errors,
    resample_metric,
)
from reelbook.metrics.registry import RATING_METRICS


def make_predictions(num_users=50, per_user=20, seed=0, user_spread=0.5):
    """Random predictions whose errors share a part within each user."""
    rng = np.random.default_rng(seed)
    users = np.repeat(np.arange(1, num_users + 1), per_user)
    ratings = rng.integers(1, 6, len(users)).astype("float32")
    errors = rng.normal(0, 1, len(users)) + user_spread * rng.normal(0, 1, num_users)[users - 1]
    movies = np.tile(np.arange(1, per_user + 1), num_users)
    return pd.DataFrame(
        {"user_id": users, "movie_id": movies, "rating": ratings, "prediction": ratings + errors}
    )


def test_metrics_on_a_hand_computed_example():
    ratings, predictions = np.array([1.0, 4.0, 5.0]), np.array([2.0, 4.0, 3.0])
    assert compute_rmse(ratings, predictions) == pytest.approx(np.sqrt(5 / 3))
    assert measure_errors(ratings, predictions).mean() == pytest.approx(1.0)


def test_metrics_equal_those_of_scikit_learn():
    frame = make_predictions()
    ratings, predictions = frame["rating"].to_numpy(), frame["prediction"].to_numpy()
    rmse = root_mean_squared_error(ratings.astype("float64"), predictions)
    assert compute_rmse(ratings, predictions) == pytest.approx(rmse, abs=1e-12)
    mae = mean_absolute_error(ratings.astype("float64"), predictions)
    assert measure_errors(ratings, predictions).mean() == pytest.approx(mae, abs=1e-12)


def test_a_run_gets_both_metrics_with_intervals_around_them():
    metrics = evaluate_ratings(make_predictions())
    assert [metric.metric for metric in metrics] == ["rmse", "mae"]
    assert all(metric.low < metric.value < metric.high for metric in metrics)


def test_resamples_equal_those_drawn_user_by_user():
    frame = make_predictions(num_users=7, per_user=3)
    users = np.unique(frame["user_id"])
    draws = np.random.default_rng(0).integers(7, size=(NUM_RESAMPLES, 7))
    by_user = dict(list(frame.groupby("user_id")))
    drawn = pd.concat([by_user[users[place]] for place in draws[5]])
    expected = compute_rmse(drawn["rating"].to_numpy(), drawn["prediction"].to_numpy())
    assert resample_metric([frame])[5] == pytest.approx(expected)


def test_resamples_of_several_parts_are_the_means_of_theirs():
    parts = [make_predictions(seed=seed) for seed in range(3)]
    each = [resample_metric([part]) for part in parts]
    assert resample_metric(parts) == pytest.approx(np.mean(each, axis=0))
    assert not np.array_equal(resample_metric(parts, seed=1), resample_metric(parts))
    # A user who is in the first part alone counts as nobody in the others.
    fewer = parts[1][parts[1]["user_id"] != parts[1]["user_id"].max()]
    assert np.isfinite(resample_metric([parts[0], fewer])).all()


def test_an_interval_is_the_middle_of_the_samples():
    assert compute_interval(np.arange(1001.0)) == pytest.approx((25, 975))


def test_the_mean_over_folds_is_the_mean_of_their_metrics():
    parts = [make_predictions(seed=seed) for seed in range(3)]
    mean = np.mean([evaluate_ratings(part)[0].value for part in parts])
    assert estimate_metric(parts).value == pytest.approx(mean)
    alone = estimate_metric(parts[:1])
    together = estimate_metric(parts)
    assert together.high - together.low < alone.high - alone.low


@pytest.mark.parametrize("metric", RATING_METRICS)
def test_intervals_cover_the_truth_at_about_the_stated_rate(metric):
    huge = make_predictions(num_users=20_000, seed=99)
    truth = estimate_metric([huge], metric=metric).value
    hits = 0
    for seed in range(200):
        low, high = compute_interval(
            resample_metric([make_predictions(num_users=80, seed=seed)], metric=metric)
        )
        hits += low <= truth <= high
    assert 0.89 <= hits / 200 <= 0.985  # 0.95, less what 80 users and 200 trials blur


def test_a_paired_difference_is_surer_than_two_intervals():
    first = make_predictions()
    second = first.assign(prediction=first["prediction"] * 1.02 + 0.01)
    difference = compare_paired([second], [first])
    alone = estimate_metric([first])
    assert difference.value == pytest.approx(estimate_metric([second]).value - alone.value)
    assert difference.high - difference.low < (alone.high - alone.low) / 5
    assert compare_paired([first], [first]).low == 0


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_a_figure_and_a_difference_bear_their_metric(metric):
    first, second = make_predictions(seed=1), make_predictions(seed=1)
    second["prediction"] += np.float32(0.3)
    values = [estimate_metric([part], metric=metric) for part in (first, second)]
    found = compare_paired([first], [second], metric=metric)
    assert {(m.split_part, m.metric) for m in (*values, found)} == {("test", metric)}
    assert found.value == pytest.approx(values[0].value - values[1].value)
    samples = [resample_metric([part], metric=metric) for part in (first, second)]
    assert [found.low, found.high] == pytest.approx(compute_interval(samples[0] - samples[1]))


def test_a_pair_on_other_rows_is_refused():
    frame = make_predictions()
    for other in ([frame, frame], [frame.iloc[::-1]], [frame.iloc[1:]]):
        with pytest.raises(ReelbookError, match="the same test rows"):
            compare_paired([frame], other)


@pytest.mark.parametrize(("ratings", "predictions"), [([], []), ([1.0], [1.0, 2.0])])
def test_no_rows_or_unequal_numbers_are_refused(ratings, predictions):
    with pytest.raises(ReelbookError, match="as many of one as of the other"):
        compute_rmse(np.array(ratings), np.array(predictions))


def test_error_by_count_groups_by_what_was_seen_in_training():
    frame = pd.DataFrame(
        {
            "user_id": [1, 1, 2, 3, 4],
            "movie_id": range(5),
            "rating": [3.0] * 5,
            "prediction": [4.0, 2.0, 5.0, 3.0, 0.0],
        }
    )
    counts = pd.Series({1: 4, 2: 5, 3: 100})
    groups = compute_error_by_count(frame, counts, key="user_id", edges=[0, 1, 5, 20])
    assert groups["seen"].tolist() == ["0", "1-4", "5-19", "20+"]
    assert groups["rows"].tolist() == [1, 2, 1, 1]
    assert groups["rmse"].tolist() == [3.0, 1.0, 2.0, 0.0]
