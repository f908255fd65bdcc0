"""The page on what lists recommend: from saved lists to its figures, tables and sentences."""

import ast
import dataclasses
import itertools
import json
import re
from types import SimpleNamespace

import IPython.display
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from pandas.io.formats.style import Styler

from reelbook import data, runs
from reelbook.errors import ReelbookError
from reelbook.metrics.catalogue import rank_catalogue
from reelbook.metrics.metric import Metric
from reelbook.paths import NOTEBOOKS
from reelbook.report import list_figures, listed, reranking, tables
from reelbook.splits.protocols import make_split

SEEDS = [0, 1]
MODELS = ["topn.edlae", "topn.ials", "topn.popularity"]
HOLES = re.compile(r"\b(nan|NaN|None|<NA>|inf)\b")


def make_run(dataset, model, seed, *, validation=None):
    """A finished run, as far as the page reads one: its lists are drawn, each model's its own."""
    split = make_split(dataset, "stratified", seed=seed)
    rng = np.random.default_rng([seed, MODELS.index(model)])
    scores = rng.random((len(dataset.users) + 1, len(dataset.movies)))
    ranked = rank_catalogue(lambda users: scores[users], dataset, split)
    short = ranked.recommendations[ranked.recommendations["rank"] <= 30]
    found = [] if validation is None else [Metric("validation", "ndcg@10", validation)]
    made = {"protocol": "stratified", "seed": seed, "fold": None, "fingerprint": split.fingerprint}
    record = SimpleNamespace(model=model, seed=seed, split=made, training_metrics=found)
    return SimpleNamespace(
        record=record,
        protocol="stratified",
        ranks=ranked.ranks,
        recommendations=short,
    )


def make_groups(dataset, *, models=MODELS, seeds=SEEDS):
    return {
        model: [make_run(dataset, model, seed, validation=0.1 * place) for seed in seeds]
        for place, model in enumerate(models)
    }


@pytest.fixture(scope="module")
def groups(dataset):
    return make_groups(dataset)


@pytest.fixture(scope="module")
def measured(dataset, groups):
    return listed.measure_models(groups, dataset, protocol="stratified", seeds=SEEDS, few=5)


@pytest.fixture(scope="module")
def figures(measured):
    found = list_figures.estimate(measured.values)
    return found.join(list_figures.list_exposure(measured.exposure))


@pytest.fixture(scope="module")
def swept(dataset, groups):
    return reranking.sweep_weights(
        groups["topn.ials"],
        dataset,
        protocol="stratified",
        seeds=SEEDS,
        weights=[0.0, 0.1, 0.5],
        few=5,
    )


def test_a_users_figures_are_those_of_a_loop_over_the_saved_lists(dataset, groups, measured):
    user, popularity = 7, []
    for seed, run in zip(SEEDS, groups["topn.edlae"], strict=True):
        split = make_split(dataset, "stratified", seed=seed)
        known = dataset.ratings.iloc[split.known]
        counts = known["movie_id"].value_counts()
        table = run.recommendations
        own = table.loc[(table["user_id"] == user) & (table["rank"] <= 10), "movie_id"]
        popularity.append(np.mean([counts.get(i, 0) for i in own]) / known["user_id"].nunique())
    found = measured.values["topn.edlae"].loc[user, "listed"]
    assert found == pytest.approx(np.mean(popularity), abs=1e-12)


def test_the_figures_are_means_and_ratios_over_users(measured, figures):
    values = measured.values["topn.edlae"]
    row = figures.loc["topn.edlae"]
    assert row["novelty"] == pytest.approx(values["novelty"].mean())
    assert row["lift"] == pytest.approx(values["listed"].mean() / values["rated"].mean() - 1)
    niche = values["listed niche"].mean() / values["rated niche"].mean() - 1
    assert row["lift niche"] == pytest.approx(niche)
    recall = values["found 0.5"].sum() / values["there 0.5"].sum()
    assert row["recall 0.5"] == pytest.approx(recall)
    assert (figures["± novelty"] > 0).all()
    assert pd.isna(figures.loc[listed.TAKEN, ["ndcg", "recall 0"]]).all()


def test_a_plain_recall_is_that_of_pooled_ranks(groups, figures):
    shares = [np.mean(run.ranks["rank"] <= 10) for run in groups["topn.edlae"]]
    assert figures.loc["topn.edlae", "recall 0"] == pytest.approx(np.mean(shares), abs=1e-9)


def test_users_without_a_value_do_not_count():
    values = {"a": {"novelty": [1.0, np.nan, 3.0]}, "b": {"new": [1.0, 1.0, 1.0]}}
    found = list_figures.estimate(
        {name: pd.DataFrame(own).assign(listed=1.0, rated=1.0) for name, own in values.items()}
    )
    assert found["novelty"].fillna(-1).tolist() == [2, -1]
    assert found["lift"].tolist() == [0, 0]


def test_the_frontier_by_hand():
    points = {"best": (0.5, 1), "worse": (0.4, 0.9), "newer": (0.3, 2), "equal": (0.2, 2)}
    table = pd.DataFrame.from_dict(points, orient="index", columns=["ndcg", "new"])
    assert list_figures.find_front(table, "new", higher=True) == ["best", "newer"]
    assert list_figures.find_front(table, "new", higher=False) == ["best", "worse"]
    assert list_figures.keep_near(table).index.tolist() == ["best", "worse", "newer"]


def test_only_runs_on_the_splits_of_the_protocol_count(dataset, groups):
    other = make_run(dataset, "topn.edlae", 0)
    other.record.split["fingerprint"] = "another share"
    kept, seeds = listed.keep_lists(
        groups | {"topn.edlae": [other]}, dataset, protocol="stratified"
    )
    assert list(kept) == MODELS[1:]
    assert seeds == SEEDS
    with pytest.raises(ReelbookError, match="No run made lists on protocol stratified"):
        listed.keep_lists({"topn.edlae": [other]}, dataset, protocol="stratified")


def test_more_raters_than_are_looked_at_are_drawn(dataset, monkeypatch):
    monkeypatch.setattr(listed, "MOST_RATERS", 20)
    users = np.sort(dataset.users["user_id"].to_numpy())
    setting = listed.make_setting(dataset, users, protocol="stratified", seed=0)
    assert setting.raters.shape == (len(dataset.movies), 20)


def test_the_first_candidates_stay_where_genres_have_no_weight(dataset, groups, swept):
    """And more weight never makes lists follow less, nor costs less."""
    values, _ = swept
    found = list_figures.estimate(values)
    ranks = [run.ranks for run in groups["topn.ials"]]
    by_rank = listed.average_splits(
        [listed.measure_ranks(r, listed.make_setting(dataset, np.unique(r["user_id"]),
         protocol="stratified", seed=s)) for r, s in zip(ranks, SEEDS, strict=True)]
    )  # fmt: skip
    assert found.loc["0", "ndcg"] == pytest.approx(by_rank["ndcg"].mean(), abs=1e-12)
    assert found["price"].tolist()[0] == found["± price"].tolist()[0] == 0
    assert found["miscalibration"].is_monotonic_decreasing


def test_validation_rows_choose_the_model_to_rerank(dataset, groups):
    assert reranking.choose_lister(groups) == MODELS[-1]
    none = {"topn.popularity": [make_run(dataset, "topn.popularity", 0)]}
    assert reranking.choose_lister(none) == "topn.popularity"
    assert np.isnan(reranking.average_validation(none["topn.popularity"]))


def test_a_table_puts_what_users_took_above_the_best_model(figures):
    shown = list_figures.format_figures(figures, {"novelty": "bits", "unknown": "none"})
    assert shown.columns.tolist() == ["model", "bits", "± bits"]
    assert shown["model"].iloc[0] == listed.TAKEN
    best = figures["ndcg"].idxmax()
    assert shown["model"].iloc[1] == best


ODD = {
    "one model": {},
    "no genres": {"movies": lambda t: t.assign(genres=[[] for _ in range(len(t))])},
    "no years": {"movies": lambda t: t.assign(year=pd.array([pd.NA] * len(t), "Int32"))},
    "few users": {"ratings": lambda t: t[t["user_id"] <= 4].assign(timestamp=0)},
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ODD)
def test_the_page_on_odd_data(dataset, monkeypatch, kind):
    changed = {name: change(getattr(dataset, name)) for name, change in ODD[kind].items()}
    odd = dataclasses.replace(dataset, **changed)
    made = list(
        itertools.chain(
            *make_groups(odd, models=MODELS[: 1 + (kind != "one model")], seeds=[0]).values()
        )
    )
    monkeypatch.setattr(data, "load", lambda name: odd)
    monkeypatch.setattr(runs, "read_runs", lambda results: made)
    monkeypatch.setattr(tables, "read_results", lambda plan: pd.DataFrame({"protocol": ["a"]}))
    without = () if "genres" in odd.traits else ("needs-genres",)
    texts = [
        one.to_html() if isinstance(one, Styler) else getattr(one, "data", "")
        for one in show_page(monkeypatch, without=without)
    ]
    assert any(text.startswith("**In short.**") for text in texts)
    for text in texts:
        assert not HOLES.search(text), text


def show_page(monkeypatch, *, without):
    """What the code cells of the page show, after each figure was drawn."""
    shown, space = [], {}
    monkeypatch.setattr(IPython.display, "display", lambda *things: shown.extend(things))
    page = json.loads((NOTEBOOKS / "81_lists.ipynb").read_text(encoding="utf-8"))
    for cell in page["cells"]:
        if cell["cell_type"] == "code" and not {*without} & {*cell["metadata"].get("tags", [])}:
            code = ast.parse("".join(cell["source"]))
            last = code.body.pop() if isinstance(code.body[-1], ast.Expr) else None
            exec(compile(code, cell["id"], "exec"), space)
            if last is not None:
                shown.append(eval(compile(ast.Expression(last.value), cell["id"], "eval"), space))
    for one in shown:
        if isinstance(one, Figure):
            one.draw_without_rendering()
    return shown
