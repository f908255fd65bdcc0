"""Trials of a stated space, as runs are asked for."""

import numpy as np
import pytest

from reelbook.errors import ReelbookError
from reelbook.models.fitting.grid import list_grid
from reelbook.models.registry import resolve_params
from reelbook.report import studies
from reelbook.report.studies.tuning import BOARD, SPACES, TRIALS, draw_settings


@pytest.mark.parametrize("model", SPACES)
def test_settings_lie_in_the_space_and_the_model_takes_them(model):
    settings = draw_settings(model, 20)
    for setting in settings:
        assert setting.keys() == SPACES[model].keys()
        assert all(SPACES[model][k].low <= v <= SPACES[model][k].high for k, v in setting.items())
        resolve_params(model, setting)
    assert len({str(setting) for setting in settings}) > 15


def test_more_trials_continue_the_same_sequence():
    assert draw_settings("topn.ials", 8)[:3] == draw_settings("topn.ials", 3)
    assert draw_settings("topn.ials", 3, seed=1) != draw_settings("topn.ials", 3)
    drawn = draw_settings("topn.ease", 400)
    logs = np.log([setting["l2"] for setting in drawn])
    assert logs.mean() == pytest.approx(np.log(1e4) / 2, abs=0.4)  # evenly by the logarithm


def test_a_trial_is_a_run_that_validation_rows_measure(dataset):
    study = studies.tuning(dataset, trials={"topn.ease": 2, "dcn.best": 1}, epochs=4)
    asked = [r for r in study.requests if r.protocol == TRIALS]
    assert [r.model for r in asked] == ["topn.ease", "topn.ease", "dcn.best"]
    assert [len(list_grid(resolve_params(r.model, r.params))) for r in asked] == [1, 1, 0]
    assert asked[0].params["l2"] == asked[0].params["grid"]["l2"][0]
    assert asked[2].params["epochs"] == 4
    assert {r.split.protocol for r in asked} == {"stratified", "official"}
    board = [(r.model, r.params) for r in study.requests if r.protocol == BOARD]
    assert [model for model, _ in board] == [
        "topn.popularity", "baseline.biases", "topn.ease", "dcn.best"
    ]  # fmt: skip
    plain = studies.tuning(dataset, trials={"topn.ease": 1}, tuned=False).requests
    assert [r.params.get("grid") for r in plain][:2] == [None, {}]
    assert plain[2].params["grid"]  # a trial is one in any case


def test_a_model_needs_a_space(dataset):
    with pytest.raises(
        ReelbookError, match=r"mf.dot has no space of settings; these have one: gau"
    ):
        studies.tuning(dataset, trials={"mf.dot": 3})
