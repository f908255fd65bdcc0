"""The project's own notebooks, from made-up ratings to the report, once a test session."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import toys

from reelbook.build import pages
from reelbook.data.synthetic import NOTE
from reelbook.paths import ROOT

PAGES = [
    "00_data", "01_exploration", "02_matrix_factorization", "03_behavior_sequence_transformer",
    "04_deep_and_cross", "05_two_tower", "06_baselines", "07_next_steps", "08_recommend",
    "09_neighbourhood", "10_two_stages", "11_tuning", "12_future", "80_groups", "81_lists",
    "82_certainty", "83_costs", "90_results", "91_reproducibility",
]  # fmt: skip
# What a computed sentence shows where a figure is missing or words were cut out.
HOLES = re.compile(r"\b(nan|NaN|None(?! of)|<NA>|inf)\b|[{}]|\(\)|  |\.\.|, \.")

# Each answer that names a best model: its page, how it names the model, and the board to look at.
BEST = {
    "02": ("02_matrix_factorization", r"`(\S+)` predicts best", "official", "rmse"),
    "04": ("04_deep_and_cross", r"document's networks, `(\S+)`,", "official", "rmse"),
    "06": ("06_baselines", r"simple rating models, `(\S+)`,", "official", "rmse"),
    "06, lists": ("06_baselines", r"that rank, `(\S+)` leads", "stratified", "ndcg@10"),
    "90": ("90_results", r"`(\S+)` has the lowest error", "official", "rmse"),
    "90, lists": ("90_results", r"On stratified, (\S+) \(", "stratified", "ndcg@10"),
    "90, leave-last": ("90_results", r"(\S+) leads on leave-last", "leave-last", "ndcg@10"),
    "90, global-time": ("90_results", r"(\S+) leads on global-time", "global-time", "ndcg@10"),
}


@pytest.fixture
def results(smoke):
    return pd.read_csv(smoke / "smoke" / "results.csv")


def read_sentences(smoke, page):
    """The Markdown that the cells of an executed notebook show."""
    path = smoke / "smoke" / "executed" / f"{page}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    return ["".join(data["text/markdown"]) for data in outputs if "text/markdown" in data]


@pytest.mark.parametrize("page", PAGES)
def test_computed_sentences_are_whole(smoke, page):
    found = read_sentences(smoke, page)
    assert any(text.startswith("**In short.**") for text in found)
    for text in found:
        assert not HOLES.search(text), text


@pytest.mark.parametrize(("page", "words", "protocol", "metric"), BEST.values(), ids=BEST)
def test_the_model_that_an_answer_names_is_the_head_of_its_board(
    smoke, results, page, words, protocol, metric
):
    answer = next(t for t in read_sentences(smoke, page) if t.startswith("**In short.**"))
    own = smoke / "smoke" / "executed" / f"{page}.runs.json"
    runs = set(json.loads(own.read_text(encoding="utf-8"))) if page[0] == "0" else results["run_id"]
    board = results.query("protocol == @protocol and metric == @metric and split_part == 'test'")
    board = board[board["run_id"].isin(runs)].groupby("model")["value"].agg(["mean", "size"])
    board = board[board["size"] == board["size"].max()]["mean"]
    if page == "04_deep_and_cross":
        board = board.drop("dcn.best")  # it is ours
    head = board.idxmin() if metric == "rmse" else board.idxmax()
    assert re.search(words, answer)[1] == head
    assert f"{board[head]:.3f}" in answer


def test_every_page_is_there_and_sound(smoke):
    html = smoke / "smoke" / "html"
    names = ["index", *PAGES, "how_to_read", "bibliography"]
    assert pages.list_faults(html, [f"{name}.html" for name in names]) == []


def test_the_page_that_recommends_weighs_at_most_two_megabytes(smoke):
    """With all that it loads: here mostly the theme, on real ratings another 0.7 of a model."""
    assert pages.measure_weight(smoke / "smoke" / "html" / "08_recommend.html") < 1.3e6


def test_equations_are_set_on_pages_that_have_them_and_cost_the_others_nothing(smoke):
    html = smoke / "smoke" / "html"
    loading = {p.stem for p in html.glob("*.html") if "mathjax/tex-svg.js" in p.read_text()}
    with_equations = {p.stem for p in html.glob("*.html") if 'class="math ' in p.read_text()}
    assert loading == with_equations
    assert {"02_matrix_factorization", "07_next_steps"} <= loading
    assert "08_recommend" not in loading


@pytest.mark.parametrize("page", ["index", *PAGES])
def test_every_page_with_figures_says_that_the_ratings_are_made_up(smoke, page):
    assert NOTE in (smoke / "smoke" / "html" / f"{page}.html").read_text()


def test_no_number_of_a_table_is_written_with_an_exponent(smoke):
    """9.8e-05 says little to most readers."""
    for page in (smoke / "smoke" / "html").glob("*.html"):
        cells = re.findall(r"<td[^>]*>([^<]*)</td>", page.read_text(encoding="utf-8"))
        assert [cell for cell in cells if re.fullmatch(r"\s*-?\d[\d.]*e[-+]\d+\s*", cell)] == []


def test_no_table_is_empty(smoke):
    for page in sorted((smoke / "smoke" / "html").glob("*.html")):
        for body in re.findall(r"<tbody>.*?</tbody>", page.read_text(), re.DOTALL):
            assert "<td" in body, page.name


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
    lists = (smoke / "smoke" / "executed").glob("[0-8]*.runs.json")
    listed = {run_id for file in lists for run_id in json.loads(file.read_text())}
    assert set(results["run_id"]) == listed


def test_a_second_build_has_nothing_to_do(smoke):
    before = (smoke / "smoke" / "results.csv").read_bytes()
    done = toys.run(ROOT, "build", "--plan", "smoke", REELBOOK_BUILD=str(smoke))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Test RMSE, protocol official:" in done.stdout
    assert (smoke / "smoke" / "results.csv").read_bytes() == before
