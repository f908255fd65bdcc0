from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reelbook.errors import ReelbookError
from reelbook.metrics.catalogue import estimate_ranking
from reelbook.metrics.ratings import estimate_metric
from reelbook.metrics.registry import RATING_METRICS
from reelbook.report import advice, compare, leaderboards, tables
from reelbook.report.figures import results as figures


class Record(SimpleNamespace):
    def get_metric(self, name):
        return next(metric for metric in self.metrics if metric.metric == name)


def make_record(model, metrics, protocol="official", fold=1, seconds=2.0, **extra):
    return Record(
        model=model,
        metrics=metrics,
        split={"protocol": protocol, "fold": fold, "fingerprint": f"f{fold}"},
        seed=0,
        seconds=seconds,
        prediction_seconds=seconds / 10,
        peak_memory_mb=100 * seconds,
        num_parameters=7,
        extra=extra,
    )


def make_rating_run(model, error, *, fold=1, num_users=60, noise=0.0, **options):
    """Predictions that are off by `error`, and a little more or less with noise."""
    rng = np.random.default_rng(fold)
    users = np.repeat(np.arange(num_users), 5)
    errors = rng.choice([-1, 1], len(users)) * (error + noise * rng.normal(0, 1, len(users)))
    table = pd.DataFrame({"user_id": users, "movie_id": np.tile(np.arange(5), num_users)})
    predictions = table.assign(rating=3.0, prediction=3.0 + errors)
    record = make_record(model, [estimate_metric([predictions])], fold=fold, **options)
    return SimpleNamespace(
        record=record, predictions=predictions, protocol=record.split["protocol"]
    )


def make_ranking_run(model, rank, *, users=80, first_user=0, **options):
    """Every user's movie stands at `rank`, or one below."""
    ranks = pd.DataFrame({"user_id": np.arange(users) + first_user, "movie_id": 1, "rating": 4.0})
    ranks["rank"] = rank + np.arange(users) % 2
    record = make_record(model, [estimate_ranking([ranks])], "stratified", **options)
    return SimpleNamespace(record=record, ranks=ranks, protocol=record.split["protocol"])


@pytest.fixture
def groups():
    runs = [
        make_rating_run("bayes.mf", 0.80, fold=1, noise=0.2, seconds=10.0, tried=[{}, {}]),
        make_rating_run("mf.biased", 0.80, fold=1, noise=0.3, seconds=2.0),
        make_rating_run("dcn.dnn", 0.95, fold=1, noise=0.2, seconds=20.0),
    ]
    return {run.record.model: [run] for run in runs}


def test_the_rating_board_tells_distance_and_cost(groups):
    board = leaderboards.make_rating_board(groups)
    assert board["name"].tolist() == ["bayes.mf", "mf.biased", "dcn.dnn"]
    assert board["behind"].iloc[0] == 0
    assert np.allclose(board["behind"], board["value"] - board["value"].iloc[0])
    assert board["clear"].tolist()[0] is False
    assert board["clear"].iloc[2]
    assert board["behind_low"].iloc[2] < board["behind"].iloc[2] < board["behind_high"].iloc[2]
    assert board["settings"].tolist() == [2, 1, 1]
    assert board["prediction_seconds"].tolist() == [1.0, 0.2, 2.0]
    assert board["peak_mb"].tolist() == [1000, 200, 2000]


def test_a_board_of_one_model_has_nobody_behind(groups):
    board = leaderboards.make_rating_board({"mf.biased": groups["mf.biased"]})
    assert board["behind"].tolist() == [0]
    ranked = leaderboards.make_ranking_board({"topn.a": [make_ranking_run("topn.a", 1)]})
    assert ranked["clear"].tolist() == [False]


def test_the_ranking_board_has_the_highest_first_and_its_distances():
    ranks = {"topn.a": 3, "topn.b": 1, "topn.c": 3}
    groups = {name: [make_ranking_run(name, rank)] for name, rank in ranks.items()}
    board = leaderboards.make_ranking_board(groups)
    assert board["name"].iloc[0] == "topn.b"
    assert np.allclose(board["behind"], board["value"].iloc[0] - board["value"])
    assert board["clear"].tolist() == [False, True, True]
    paired = leaderboards.compare_all(groups).set_index(["first", "second"])
    assert paired.loc[("topn.a", "topn.c"), "value"] == 0
    assert not paired.loc[("topn.a", "topn.c"), "clear"]
    gap = paired.loc[("topn.b", "topn.a")]
    back = paired.loc[("topn.a", "topn.b")]
    assert (gap["value"], gap["low"]) == (-back["value"], -back["high"])


def test_other_users_cannot_be_compared():
    runs = make_ranking_run("topn.a", 1), make_ranking_run("topn.b", 1, first_user=5)
    groups = {run.record.model: [run] for run in runs}
    with pytest.raises(ReelbookError, match="needs the same users"):
        leaderboards.compare_all(groups)


def test_a_model_with_fewer_splits_is_left_out(groups):
    whole = {**groups, "two": groups["bayes.mf"] * 2, "too": groups["dcn.dnn"] * 2}
    assert set(leaderboards.keep_whole(whole)) == {"two", "too"}
    assert leaderboards.keep_whole({}) == {}


def test_orders_agree_or_not():
    def make_board(*names):
        return pd.DataFrame({"name": names, "value": np.arange(len(names), 0, -1.0)})

    boards = {
        "x": make_board("a", "b", "c"),
        "y": make_board("c", "b", "a", "d"),
        "z": make_board("a", "b", "c"),
    }
    table = leaderboards.correlate_boards(boards).set_index(["first", "second"])
    assert table.loc[("x", "y"), "tau"] == -1
    assert table.loc[("x", "z"), "tau"] == 1
    assert table["models"].tolist() == [3, 3, 3]


def test_a_flip_is_clear_on_both_sides():
    def make_table(value, clear):
        rows = [("a", "b", value, clear), ("b", "a", -value, clear)]
        return pd.DataFrame(rows, columns=["first", "second", "value", "clear"])

    comparisons = {
        "x": make_table(0.1, True),
        "y": make_table(-0.1, True),
        "z": make_table(-0.1, False),
    }
    flips = leaderboards.list_flips(comparisons)
    assert flips.to_dict("records") == [{"better": "a", "worse": "b", "by": "x", "but_by": "y"}]


def test_without_ranking_models_nothing_is_said_of_them():
    assert advice.describe_ranking_choice({}) == "No model that ranks was run."
    assert leaderboards.correlate_boards({}).empty
    assert leaderboards.list_flips({}).empty


def test_the_frontier_holds_whom_nobody_beats_in_less_time():
    board = pd.DataFrame({"name": ["best", "slow", "quick"], "seconds": [10.0, 30.0, 1.0]})
    assert leaderboards.find_frontier(board) == ["quick", "best"]
    assert leaderboards.find_cheap(board)["name"] == "quick"
    assert leaderboards.find_cheap(board, share=0.01)["name"] == "best"


def test_the_choices_of_tuning_are_counted():
    chosen = [{"l2": 0.5}, {"l2": 0.5}, {"l2": 1.0}]
    runs = [make_rating_run("mf.biased", 1, chosen=setting, tried=[{}, {}]) for setting in chosen]
    without = make_rating_run("baseline.mean", 1, chosen={}, tried=[])
    table = leaderboards.list_choices({"mf.biased": runs, "baseline.mean": [without]})
    assert table.to_dict("records") == [
        {"model": "mf.biased", "tried": 2, "chosen": "l2 0.5 (2x); l2 1 (1x)"}
    ]


def test_the_board_of_a_page_compares_the_first_with_nobody(groups):
    shown = tables.format_board(leaderboards.make_rating_board(groups), metric="rmse")
    assert np.isnan(shown["behind"].iloc[0])
    assert "yes" not in shown.to_numpy()
    costs = tables.format_costs(leaderboards.make_rating_board(groups))
    costs["ms per 1,000"] = 9.8e-5
    assert ">0.0</td>" in tables.show_table(costs, "Costs.", formats=tables.BOARD_FORMATS).to_html()


def test_a_board_shows_what_is_owed_to_tuning_where_it_is_known(groups):
    board = leaderboards.make_rating_board(groups)
    model = board["name"].iloc[1]
    shown = tables.format_board(board, metric="rmse", shares={model: "50% (20% to 70%)"})
    assert shown["owed to tuning"].tolist()[1] == "50% (20% to 70%)"
    assert shown["owed to tuning"].notna().sum() == 1
    plain = tables.show_table(tables.format_board(board, metric="rmse"), "A board.").to_html()
    assert "owed to tuning" not in plain


def test_advice_changes_with_the_records(groups):
    board = leaderboards.make_rating_board(groups)
    text = advice.describe_rating_choice(board)
    assert text.startswith("bayes.mf (Bayesian matrix factorisation) predicts ratings best")
    assert "Where time is short, mf.biased (" in text
    assert "after 2.0 s." in text
    assert "The best deep model, dcn.dnn" in text
    quick = {
        "bayes.mf": [make_rating_run("bayes.mf", 0.9, seconds=9.0)],
        "dcn.dnn": [make_rating_run("dcn.dnn", 0.95, seconds=1.0)],
    }
    text = advice.describe_rating_choice(leaderboards.make_rating_board(quick))
    assert "after 1.0 s. It is the best deep model, too, and is 0.0" in text
    only = {"mf.biased": groups["mf.biased"]}
    assert "deep" not in advice.describe_rating_choice(leaderboards.make_rating_board(only))
    better = {**groups, "dcn.dnn": [make_rating_run("dcn.dnn", 0.5, seconds=2.0)]}
    text = advice.describe_rating_choice(leaderboards.make_rating_board(better))
    assert text.startswith("dcn.dnn (dense layers alone) predicts ratings best")
    assert "The best model without hidden layers, bayes.mf" in text


def test_advice_for_lists_names_who_is_first_by_each_protocol():
    def make_boards(**ranks):
        groups = {f"topn.{n}": [make_ranking_run(f"topn.{n}", rank)] for n, rank in ranks.items()}
        return leaderboards.make_ranking_board(groups)

    boards = {"stratified": make_boards(ease=1, bpr=5), "leave-last": make_boards(ease=5, bpr=1)}
    text = advice.describe_ranking_choice(boards)
    assert "On stratified, topn.ease (" in text
    assert "clearly ahead of all other models" in text
    assert "Of all models, topn.bpr leads on leave-last" in text
    tied = {"stratified": make_boards(ease=1, bpr=1)}
    assert "is statistically indistinguishable from" in advice.describe_ranking_choice(tied)


def test_parts_are_compared_on_the_same_rows_only():
    runs = [
        make_rating_run("mf.dot", 1.0, fold=1),
        make_rating_run("mf.dot", 1.0, fold=2),
        make_rating_run("mf.biased", 0.9, fold=2),
        make_rating_run("mf.sigmoid", 0.9999, fold=2),
        make_rating_run("mf.mlp", 0.9, fold=2, protocol="source"),
    ]
    parts = advice.measure_parts(runs)
    assert parts["second"].tolist() == ["mf.biased", "mf.sigmoid"]
    assert parts["folds"].tolist() == [1, 1]
    assert parts["value"].iloc[0] == pytest.approx(0.1)
    assert parts["matters"].tolist() == [True, False]
    assert "around the dot product (+0.100)" in advice.describe_parts(parts, matters=True)
    assert advice.describe_parts(parts[:0], matters=True) == "nothing that was tried"
    none = parts.assign(value=-0.0001)
    assert "+0.000" in advice.describe_parts(none, matters=False)
    assert "-0.000" not in advice.describe_parts(none, matters=False)


def test_figures_of_runs_are_listed(groups):
    figures_of_runs = compare.list_figures([groups["mf.biased"][0]])
    row = figures_of_runs.iloc[0]
    assert (row["model"], row["protocol"], row["metric"]) == ("mf.biased", "official", "rmse")


def test_costs_and_orders_are_drawn(groups):
    board = leaderboards.make_rating_board(groups)
    figure = figures.draw_costs(
        board, frontier=["mf.biased", "bayes.mf"], title="Costs", label="rmse", higher=False
    )
    assert {text.get_text() for text in figure.axes[0].texts} == {"mf.biased", "bayes.mf"}
    figure = figures.draw_orders({"x": board, "y": board[:2]}, title="Orders")
    assert len(figure.axes[0].lines) == 2
    assert figure.axes[0].get_xlabel() == ""


def test_orders_mark_a_head_that_was_not_trained(groups):
    board = leaderboards.make_rating_board(groups)
    board.loc[0, "name"] = "two_tower.retrieval"
    figure = figures.draw_orders({"x": board, "y": board}, title="Orders")
    labels = [text.get_text() for axes in figure.axes for text in axes.get_yticklabels()]
    assert sum(label.startswith("two_tower.retrieval* ") for label in labels) == 2
    assert sum("*" in label for label in labels) == 2
    assert figure.axes[0].get_xlabel() == "* two_tower.retrieval (stars not trained)"


def test_every_registered_rating_metric_has_a_column():
    groups = {"bad": [make_rating_run("bad", 1.1)], "good": [make_rating_run("good", 0.9)]}
    table = leaderboards.list_rating_metrics(groups)
    assert table.columns.tolist() == ["model", *RATING_METRICS]
    assert table["model"].tolist() == ["good", "bad"]
