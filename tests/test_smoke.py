"""The project's own notebooks, from made-up ratings to the report, once a test session."""

import json

import numpy as np
import pandas as pd
import pytest
import toys

from reelbook import book
from reelbook.paths import ROOT
from reelbook.synthetic import NOTE

PAGES = [
    "01_exploration", "02_matrix_factorization", "03_behavior_sequence_transformer",
    "04_deep_and_cross", "05_two_tower", "06_baselines", "07_next_steps", "08_recommend",
    "90_results", "91_reproducibility",
]  # fmt: skip


@pytest.fixture
def results(smoke):
    return pd.read_csv(smoke / "smoke" / "results.csv")


def test_every_page_is_there_and_sound(smoke):
    html = smoke / "smoke" / "html"
    pages = ["index", *PAGES, "how_to_read", "bibliography"]
    assert book.list_faults(html, [f"{page}.html" for page in pages]) == []


@pytest.mark.parametrize("page", ["index", *PAGES])
def test_every_page_with_figures_says_that_the_ratings_are_made_up(smoke, page):
    assert NOTE in (smoke / "smoke" / "html" / f"{page}.html").read_text()


def test_no_page_holds_a_path_of_this_machine(smoke):
    for page in (smoke / "smoke" / "html").glob("*.html"):
        assert str(ROOT) not in page.read_text()
        assert str(smoke) not in page.read_text()


def test_the_rmse_of_the_predictions_is_the_one_in_the_results(smoke, results):
    rows = results.query("metric == 'rmse' and split_part == 'test'")
    assert len(rows) > 0
    for row in rows.itertuples():
        found = pd.read_parquet(smoke / "runs" / row.run_id / "predictions.parquet")
        error = found["rating"].to_numpy("float64") - found["prediction"].to_numpy("float64")
        assert row.value == pytest.approx(np.sqrt(np.mean(error**2)), abs=1e-9)


def test_results_are_of_exactly_the_runs_that_the_notebooks_list(smoke, results):
    lists = (smoke / "smoke" / "executed").glob("0*.runs.json")
    listed = {run_id for file in lists for run_id in json.loads(file.read_text())}
    assert set(results["run_id"]) == listed


def test_a_second_build_has_nothing_to_do(smoke):
    before = (smoke / "smoke" / "results.csv").read_bytes()
    done = toys.run(ROOT, "build", "--plan", "smoke", REELBOOK_BUILD=str(smoke))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Test RMSE, protocol official:" in done.stdout
    assert (smoke / "smoke" / "results.csv").read_bytes() == before
