"""Do the intervals hold what they say? Draw many data sets of which the truth is known."""

import numpy as np
import pandas as pd
import pytest

from reelbook.metrics import bootstrap, catalogue
from reelbook.metrics.ratings import compare_paired, estimate_metric
from reelbook.metrics.simultaneous import bound_all

DRAWS = 400
# 400 draws of a true rate of 0.95 stray by 0.011; percentile bootstraps fall a little short of it.
LOWEST, HIGHEST = 0.91, 0.98


def count_cover(make_metric, truth):
    rng = np.random.default_rng(0)
    metrics = [make_metric(rng) for _ in range(DRAWS)]
    return np.mean([metric.low <= truth <= metric.high for metric in metrics])


def draw_predictions(rng, *, spread, shared=None, num_users=150, per_user=10):
    """Errors of variance 1, and a part of sd `spread` that a user's ratings share."""
    users = np.repeat(np.arange(num_users), per_user)
    own = rng.normal(0, 1, len(users)) if shared is None else shared
    errors = own + spread * rng.normal(0, 1, num_users)[users]
    table = pd.DataFrame({"user_id": users, "movie_id": np.tile(np.arange(per_user), num_users)})
    return table.assign(rating=3.0, prediction=3.0 + errors)


def test_the_interval_of_the_error_covers_at_its_rate():
    def measure(rng):
        return estimate_metric([draw_predictions(rng, spread=0.5)])

    assert LOWEST <= count_cover(measure, np.sqrt(1 + 0.5**2)) <= HIGHEST


def test_the_interval_of_a_difference_covers_at_its_rate():
    def measure(rng):
        shared = rng.normal(0, 1, 1500)  # what is hard for one is hard for the other
        first, second = (draw_predictions(rng, spread=s, shared=shared) for s in (0.8, 0.4))
        return compare_paired([first], [second])

    truth = np.sqrt(1 + 0.8**2) - np.sqrt(1 + 0.4**2)
    assert LOWEST <= count_cover(measure, truth) <= HIGHEST


def test_ratings_drawn_one_by_one_would_cover_too_little():
    """Why users are drawn: the ratings of one user are not independent."""

    def measure(rng):
        table = draw_predictions(rng, spread=2.0, num_users=20, per_user=20)
        return estimate_metric([table.assign(user_id=np.arange(len(table)))])

    assert count_cover(measure, np.sqrt(1 + 2.0**2)) < 0.7


def test_the_interval_of_a_ranking_metric_covers_at_its_rate():
    def measure(rng):
        ranks = pd.DataFrame({"user_id": np.arange(200), "rank": rng.integers(1, 26, 200)})
        return catalogue.estimate_ranking([ranks], metric="hit_rate@10")

    assert LOWEST <= count_cover(measure, 10 / 25) <= HIGHEST


def test_users_drawn_in_blocks_are_those_drawn_at_once(monkeypatch):
    """Before, a thousand draws of 200,000 users took 7 GB."""
    rng = np.random.default_rng(0)
    parts = [draw_predictions(rng, spread=0.5)]
    ranks = [pd.DataFrame({"user_id": np.arange(200), "rank": rng.integers(1, 26, 200)})]

    def measure():
        tops = catalogue.estimate_top_accuracy(ranks[0])
        return [estimate_metric(parts), catalogue.estimate_ranking(ranks), *tops]

    whole = measure()
    monkeypatch.setattr(bootstrap, "DRAWN_AT_ONCE", 150 * 7)
    assert max(draws.size for draws in bootstrap.draw_users(150)) == 150 * 7
    for in_blocks, at_once in zip(measure(), whole, strict=True):
        assert in_blocks.value == at_once.value
        assert in_blocks.low == pytest.approx(at_once.low, rel=1e-12)
        assert in_blocks.high == pytest.approx(at_once.high, rel=1e-12)


def test_simultaneous_intervals_cover_all_of_many_differences_at_once():
    """Plain intervals of eight figures miss one of them far more often than once in twenty."""
    rng = np.random.default_rng(1)
    held = []
    for _ in range(DRAWS):
        values = pd.DataFrame(rng.normal(0, 1, (60, 8)) + 0.5 * rng.normal(0, 1, (60, 1)))
        samples = bootstrap.resample_columns(values)
        means = values.mean().to_numpy()
        half = bound_all(np.vstack([means, samples]))
        wide = means - half, means + half
        plain = np.quantile(samples, [0.025, 0.975], axis=0)
        held.append([np.all((low <= 0) & (high >= 0)) for low, high in (wide, plain)])
    simultaneous, alone = np.mean(held, axis=0)
    assert LOWEST <= simultaneous <= HIGHEST
    assert alone < 0.85
