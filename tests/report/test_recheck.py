import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from browser import find_browser, open_browser

from reelbook.metrics import catalogue
from reelbook.metrics.ratings import evaluate_ratings
from reelbook.report.recheck import choose_runs, make_check


def make_run(model, protocol, *, fold=None, seed=0, noise=1.0):
    """A run as the store reads it, with drawn predictions or ranks and their true figures."""
    rng = np.random.default_rng([seed, fold or 0])
    rows = pd.DataFrame(
        {
            "user_id": rng.integers(1, 30, 400),
            "movie_id": np.arange(400),
            "rating": rng.integers(1, 6, 400) * 1.0,
        }
    )
    predictions = rows.assign(prediction=rows["rating"] + noise * rng.normal(size=400))
    ranks = rows.assign(rank=1 + rng.integers(0, 1 + int(60 * noise), 400))
    metrics = (
        evaluate_ratings(predictions)
        if protocol == "official"
        else [catalogue.estimate_ranking([ranks])]
    )
    split = {"fold": fold, "sizes": {"test": 400}}
    record = SimpleNamespace(model=model, split=split, seed=seed, metrics=metrics)
    return SimpleNamespace(record=record, protocol=protocol, predictions=predictions, ranks=ranks)


RUNS = [
    *[make_run("mf.worse", "official", fold=fold) for fold in (1, 2)],
    *[make_run("mf.first", "official", fold=fold, noise=0.5) for fold in (1, 2)],
    make_run("mf.once", "official", fold=1, noise=0.1),
    *[make_run("topn.first", "stratified", seed=seed, noise=0.5) for seed in (0, 1)],
    *[make_run("topn.worse", "stratified", seed=seed) for seed in (0, 1)],
    make_run("bst.base", "global-time"),
]
FIRST = [("mf.first", 1), ("mf.first", 2), ("topn.first", None), ("topn.first", None)]


def test_the_first_model_of_each_board_is_chosen_as_far_as_its_rows_fit():
    chosen = [(run.record.model, run.record.split["fold"]) for run in choose_runs(RUNS)]
    assert chosen == [*FIRST, ("bst.base", None)]
    assert choose_runs(RUNS, most_rows=1_600) == [*choose_runs(RUNS)[:4]]
    assert choose_runs(RUNS, most_rows=399) == []
    assert "too large" in make_check([])


def test_the_page_names_no_user_and_no_movie():
    text = make_check(choose_runs(RUNS))
    assert "user_id" not in text
    assert "movie_id" not in text
    swapped = RUNS[2].predictions.sample(frac=1, random_state=0)
    runs = [SimpleNamespace(**vars(RUNS[2]) | {"predictions": swapped})]
    assert make_check(runs) == make_check(RUNS[2:3])  # nor the order of its rows


def test_without_its_script_the_page_says_what_it_needs():
    text, _ = make_check(RUNS[:1]).split("<script>")
    assert "disabled>Compute" in text
    assert "in JupyterLab, trust the notebook or run this cell." in text


def test_the_browser_computes_the_printed_figures(tmp_path):
    if find_browser() is None:
        pytest.skip("no Chromium on this machine")
    wrong = make_run("bst.base", "global-time")
    value = wrong.record.metrics[0].value + 2e-6
    wrong.record.metrics[0] = dataclasses.replace(wrong.record.metrics[0], value=value)
    page = tmp_path / "page.html"
    text = make_check([*choose_runs(RUNS), wrong])
    page.write_text(f"<!doctype html><meta charset=utf-8><title>page</title>{text}")
    with open_browser() as tab:
        tab.open(page.as_uri())
        assert tab.run("document.querySelector('[role=status]').textContent").startswith("Nothing")
        tab.run("document.querySelector('button').focus()")
        tab.press("Enter")
        tab.wait_for("document.querySelector('[role=status]').textContent.includes('agree')")
        told = tab.run("document.querySelector('[role=status]').textContent")
        cells = tab.run("[...document.querySelectorAll('td:last-child')].map(c => c.innerText)")
    assert told == "5 of 6 agree with the printed figures to within 0.000001."
    assert [cell[-1] for cell in cells] == list("✓✓✓✓✓✗")
    expected = catalogue.estimate_ranking([RUNS[-1].ranks]).value
    assert float(cells[-1][:-2]) == pytest.approx(expected, abs=1e-6)
