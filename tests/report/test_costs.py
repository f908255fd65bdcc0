from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reelbook.report import costs, hardware, tables
from reelbook.report.sentences import costs as sentences

KNOWN = hardware.Power("a", 100.0, 10, False, 10.0, 1000.0, 5.0, False)
UNKNOWN = hardware.Power("b", None, 2, True, 4.0, 1000.0, 5.0, True)


def make_run(model, seconds=36.0, *, peak=500.0, tried=0, path=None, serving=0.1, name="x", **more):
    record = SimpleNamespace(
        run_id=f"{model}-{name}",
        model=model,
        seconds=seconds,
        peak_memory_mb=peak,
        num_parameters=250_000,
        prediction_seconds=serving,
        files={costs.WEIGHTS: "sha"} if path else {},
        extra={"tried": [{}] * tried} if tried else {},
        **more,
    )
    return SimpleNamespace(record=record, path=path, protocol="official")


def estimate(values):
    """As `compare.estimate_models`, with these values."""

    def make(groups):
        table = pd.DataFrame({"name": list(groups), "value": [values[name] for name in groups]})
        table = table.assign(low=table["value"] - 0.1, high=table["value"] + 0.1, parameters=1)
        seconds = [np.mean([run.record.seconds for run in runs]) for runs in groups.values()]
        return table.assign(seconds=seconds)

    return make


def test_energy_is_that_of_a_core_and_of_the_memory_held():
    # 36 s of 10 W, and of half of 5 W: 450 J, 125 mWh
    assert costs.compute_energy(36, 500, KNOWN) == pytest.approx(125)
    assert costs.compute_energy(36, 5000, KNOWN) == pytest.approx(150)  # no more than there is
    assert costs.compute_energy(0, 500, KNOWN) == 0


def test_tuning_is_all_but_one_training():
    tried = [costs.share_tuning(make_run("a", tried=number).record) for number in (0, 1, 4)]
    assert tried == [0, 0.5, 0.8]


def test_a_model_is_as_large_as_its_weights_or_its_numbers(tmp_path):
    (tmp_path / costs.WEIGHTS).write_bytes(bytes(3000))
    assert costs.measure_size(make_run("a", path=tmp_path)) == (0.003, True)
    assert costs.measure_size(make_run("a")) == (1.0, False)


def test_a_run_counts_once_whatever_protocols_it_serves():
    listed = costs.list_costs([make_run("a", tried=4), make_run("a", tried=4)], KNOWN)
    assert len(listed) == 1
    row = listed.iloc[0]
    assert (row["seconds"], row["tuning"]) == (36, pytest.approx(28.8))
    assert (row["mwh"], row["tuning_mwh"]) == (pytest.approx(125), pytest.approx(100))
    assert row["serving_mwh"] == pytest.approx(100 / 3.6 * 12.5)  # 100 s of 12.5 W
    none = costs.list_costs([make_run("a", serving=None)], KNOWN)
    assert none["serving_mwh"].isna().all()


@pytest.fixture
def groups():
    return {
        "best": [make_run("best", 72.0), make_run("best", 36.0, name="y")],
        "cheap": [make_run("cheap", 3.6), make_run("cheap", 3.6, name="y")],
        "baseline.mean": [make_run("baseline.mean", 0.36)],
        "bad": [make_run("bad", 36.0, serving=None)],
    }


VALUES = {"best": 0.8, "cheap": 0.9, "baseline.mean": 1.0, "bad": 1.1}


@pytest.mark.parametrize("power", [KNOWN, UNKNOWN])
def test_the_board_is_the_same_on_known_and_unknown_processors(groups, power):
    board = costs.make_board(groups, power, estimate=estimate(VALUES), reference="baseline.mean")
    watts = power.core + power.memory / 2
    assert board["name"].tolist() == list(VALUES)
    assert board["mwh"].tolist() == pytest.approx([s * watts / 3.6 for s in (54, 3.6, 0.36, 36)])
    assert board["mwh_least"].iloc[0] == pytest.approx(36 * watts / 3.6)
    assert board["mwh_most"].iloc[0] == pytest.approx(72 * watts / 3.6)
    gains = board["per_joule"].tolist()
    assert gains[:2] == pytest.approx([0.2 / (54 * watts), 0.1 / (3.6 * watts)])
    assert np.isnan(gains[2])
    assert gains[3] == pytest.approx(-0.1 / (36 * watts))
    for shown in (costs.format_energy(board, metric="rmse"), costs.format_sizes(board)):
        html = tables.show_table(shown, "A caption.", formats=costs.FORMATS).to_html()
        assert html.count("<tr>") == 5
    assert sentences.describe_assumptions(power).count("- ") >= 4


def test_the_board_of_lists_gains_where_it_is_higher(groups):
    values = {"best": 0.5, "cheap": 0.4, "baseline.mean": 0.3, "bad": 0.1}
    board = costs.make_board(groups, KNOWN, estimate=estimate(values), reference="baseline.mean")
    assert np.sign(board["per_joule"]).fillna(0).tolist() == [1, 1, 0, -1]


def test_no_model_and_no_reference_are_no_fault(groups):
    assert costs.make_board({}, KNOWN, estimate=estimate({}), reference="a").empty
    board = costs.make_board(groups, KNOWN, estimate=estimate(VALUES), reference="gone")
    assert board["per_joule"].isna().all()


def test_a_step_costs_what_the_second_model_takes_more(groups):
    board = costs.make_board(groups, KNOWN, estimate=estimate(VALUES), reference="baseline.mean")

    def compare(given, pairs):
        assert given is groups
        names = [f"{first} → {second}" for first, second in pairs]
        gains = pd.DataFrame({"name": names, "value": 0.1, "low": 0.05, "high": 0.15})
        return gains.assign(clear=[True, False])

    frontier = ["baseline.mean", "cheap", "best"]
    steps = costs.list_steps(board, frontier, groups, compare=compare)
    assert steps["mwh"].tolist() == pytest.approx([3.24 * 12.5 / 3.6, 50.4 * 12.5 / 3.6])
    assert steps["price"].tolist() == pytest.approx([1.125, 17.5])
    text = sentences.describe_steps(steps, unit="a star")
    assert text == (
        "A hundredth of a star costs 1.12 mWh (baseline.mean → cheap) on the first step, and "
        "18 mWh (cheap → best) on the last. Of these steps, cheap → best could be noise."
    )
    assert "nothing to pay" in sentences.describe_steps(steps.head(0), unit="a star")
    one = sentences.describe_steps(steps.head(1), unit="a star")
    assert one == "A hundredth of a star costs 1.12 mWh (baseline.mean → cheap)."


def test_the_answer_names_the_best_the_cheaper_and_the_range_of_carbon(groups):
    board = costs.make_board(groups, KNOWN, estimate=estimate(VALUES), reference="baseline.mean")
    book = pd.DataFrame({"part": ["a", "b"], "seconds": [60.0, 120.0], "wh": [1.0, 4.0]})
    grid = hardware.Grid(500.0, ("Here", 20.0), ("There", 1000.0))
    empty = pd.DataFrame()
    text = sentences.answer(book, {"ratings": board, "lists": empty}, grid, num_runs=7)
    assert text == (
        "**In short.** 7 runs and the notebooks around them take an estimated **4.0 Wh**: "
        "2 minutes of one core, 25% of it to try settings. At the world's average of 500 g CO2e a "
        "kWh that is 2.0 g; by country it would be from 0.1 g (Here) to 4.0 g (There). For "
        "ratings, `best` is best and takes 188 mWh a run; `cheap` takes 7% of that and is 0.100 "
        "behind."
    )
    only = sentences.describe_choice("ratings", board.head(1))
    assert only.endswith("no model takes half of that or less.")


def test_serving_is_told_in_trainings(groups):
    board = costs.make_board(groups, KNOWN, estimate=estimate(VALUES), reference="baseline.mean")
    text = sentences.describe_serving({"ratings": board, "lists": pd.DataFrame()})
    assert text == (
        "A million ratings by `best` take 347 mWh: it has served 540,000 when that equals its "
        "tuning and training."
    )


@pytest.mark.parametrize(
    ("mwh", "text"), [(0.016, "0.02 mWh"), (9.5, "9.50 mWh"), (40, "40 mWh"), (2500, "2.5 Wh")]
)
def test_energy_is_said_in_its_unit(mwh, text):
    assert sentences.give_energy(mwh) == text
