"""What a budget of trials is worth: figures of the settings that validation rows choose.

Of models that predict stars the figure is the RMSE, of those that rank the nDCG@10; the two never
stand in one table. Test rows choose nothing: of any number of trials, the one with the best
validation figure is taken. `metrics.budget` has the equations.
"""

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from reelbook.metrics.bootstrap import compute_interval
from reelbook.metrics.budget import compute_chance, compute_middle, resample_search, weigh_best
from reelbook.metrics.catalogue import compare_rankings
from reelbook.metrics.ratings import compare_paired
from reelbook.models.fitting.grid import NDCG, RMSE
from reelbook.models.registry import describe_model
from reelbook.report.studies.tuning import BOARD, REFERENCES, SPACES, TRIALS
from reelbook.runs.store import Run

MEASURES = {"stars": RMSE, "lists": NDCG}


def list_trials(runs: Iterable[Run], kind: str) -> pd.DataFrame:
    """A row a trial, each model's best on validation rows first.

    Args:
        runs: of the study, and others.
        kind: of the models, a key of MEASURES.

    Returns:
        model, validation and test (the figures), low and high (95% interval over users of the
        second), seconds, run, and a column a setting, missing where a model has none of the name.
    """
    measure = MEASURES[kind]
    columns = ["model", "validation", "test", "low", "high", "seconds", "run"]
    own: dict[str, list[dict[str, Any]]] = {}
    for run in select_kind(runs, kind, TRIALS):
        record = run.record
        validation, test = (record.get_metric(measure.name, p) for p in ("validation", "test"))
        figures = (record.model, validation.value, test.value, test.low, test.high, record.seconds)
        setting = {name: record.params[name] for name in SPACES[record.model]}
        row = dict(zip(columns, (*figures, run), strict=True)) | setting
        own.setdefault(record.model, []).append(row)
    for found in own.values():
        found.sort(key=lambda row: -measure.sign * row["validation"])
    rows = [row for found in own.values() for row in found]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)


def select_kind(runs: Iterable[Run], kind: str, study: str) -> list[Run]:
    """The runs of a study whose models are of a kind."""
    own = [run for run in runs if run.protocol == study]
    return [run for run in own if describe_model(run.record.model).predicts == kind]


def list_budgets(number: int) -> list[int]:
    """1, 2, 4 and so on, and as many trials as there are."""
    powers = [2**power for power in range(number.bit_length()) if 2**power < number]
    return [*powers, number]


def list_curves(trials: pd.DataFrame) -> pd.DataFrame:
    """What each number of trials is expected to give, over all orders of the trials.

    Args:
        trials: as `list_trials` gives them.

    Returns:
        model, budget, validation and value (the expected validation and test figure of the setting
        that is chosen), low and high: where the middle 95% of the orders have the second.
    """
    rows = []
    for model, own in trials.groupby("model", sort=False):
        test = own["test"].to_numpy()
        for budget in list_budgets(len(own)):
            weights = weigh_best(len(own), budget)
            low, high = compute_middle(test, weights)
            found = {"validation": weights @ own["validation"].to_numpy(), "value": weights @ test}
            rows.append({"model": model, "budget": budget, **found, "low": low, "high": high})
    columns = ["model", "budget", "validation", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def list_gains(trials: pd.DataFrame, runs: Iterable[Run], kind: str) -> pd.DataFrame:
    """What all trials of a model gain over one of them, beside the figure of the boards.

    A gain is positive where the figure gets better. Its interval, and that of the share, draw the
    trials anew.

    Args:
        trials: as `list_trials` gives them.
        runs: of the study, and others.
        kind: of the models.

    Returns:
        A row a model, the best first: model, trials, seconds (of all), one (expected figure of one
        trial), value, low and high (of the setting that all trials choose, interval over users),
        board, board_low and board_high (with the settings of the boards), gain, gain_low and
        gain_high, share, share_low and share_high: the part that the gain has in the lead over the
        reference, missing where the model has no lead.
    """
    measure = MEASURES[kind]
    boards = {run.record.model: run.record for run in select_kind(runs, kind, BOARD)}
    rows = []
    for model, own in trials.groupby("model", sort=False):
        quality, by = (measure.sign * own[name].to_numpy() for name in ("test", "validation"))
        drawn = quality[resample_search(by)]  # (resamples, trials), the chosen one first
        gains = drawn[:, 0] - drawn.mean(axis=1)
        gain = float(quality[0] - quality.mean())
        best = own.iloc[0]
        row: dict[str, Any] = {"model": model, "trials": len(own)}
        row |= {"seconds": own["seconds"].sum(), "one": own["test"].mean()}
        row |= {"value": best["test"], "low": best["low"], "high": best["high"]}
        if model in boards:
            board = boards[str(model)].get_metric(measure.name)
            row |= {"board": board.value, "board_low": board.low, "board_high": board.high}
        row |= {"gain": gain} | _name_interval("gain", gains)
        if REFERENCES[kind] in boards:
            start = measure.sign * boards[REFERENCES[kind]].get_metric(measure.name).value
            if quality[0] > start:
                leads = np.maximum(drawn[:, 0] - start, 1e-12)
                row |= {"share": gain / (quality[0] - start)}
                row |= _name_interval("share", gains / leads)
        rows.append(row)
    columns = [
        "model", "trials", "seconds", "one", "value", "low", "high", "board", "board_low",
        "board_high", "gain", "gain_low", "gain_high", "share", "share_low", "share_high",
    ]  # fmt: skip
    table = pd.DataFrame(rows).reindex(columns=columns)
    return table.sort_values("value", ascending=measure.sign < 0, ignore_index=True, kind="stable")


def compare_budgets(trials: pd.DataFrame, kind: str) -> pd.DataFrame:
    """How each pair of models stands with one trial each and with as many as both have.

    Args:
        trials: as `list_trials` gives them.
        kind: of the models.

    Returns:
        A row a pair: ahead (with the larger budget) and behind; budget; early and late, by how
        much the first is expected to be ahead with one trial each and with the budget, negative
        where it is behind; chance_early and chance_late, in how many pairs of orders it is ahead;
        flips; first_budget, the smallest from which it stays ahead; and of the settings that all
        trials of each choose, value (by how much the first is ahead), low, high (95% interval over
        the same users) and clear.
    """
    measure = MEASURES[kind]
    models = {str(model): own for model, own in trials.groupby("model", sort=False)}
    rows = []
    for first, second in itertools.combinations(models, 2):
        budgets = list_budgets(min(len(models[first]), len(models[second])))
        gaps = [_compare_at(models[first], models[second], n, measure.sign)[0] for n in budgets]
        if gaps[-1] < 0:
            first, second, gaps = second, first, [-gap for gap in gaps]
        early, late = (
            _compare_at(models[first], models[second], n, measure.sign)
            for n in (budgets[0], budgets[-1])
        )
        behind = [n for n, gap in zip(budgets, gaps, strict=True) if gap < 0]
        later = [n for n in budgets if n > max(behind, default=0)]
        row = {"ahead": first, "behind": second, "budget": budgets[-1]}
        row |= {"early": early[0], "late": late[0]}
        row |= {"chance_early": early[1], "chance_late": late[1]}
        row |= {"flips": early[0] < 0, "first_budget": later[0]}
        rows.append(row | _compare_chosen(models[first], models[second], kind))
    columns = [
        "ahead", "behind", "budget", "early", "late", "chance_early", "chance_late", "flips",
        "first_budget", "value", "low", "high", "clear",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def compare_unequal(trials: pd.DataFrame, kind: str) -> pd.DataFrame:
    """How the model that is best on validation rows stands where it alone is tuned less.

    Args:
        trials: as `list_trials` gives them.
        kind: of the models.

    Returns:
        A row a budget of that model: model, rival (the best of the others by test figure after all
        of its trials), rival_trials, budget, value (its expected lead) and chance (in how many
        orders it has one).
    """
    columns = ["model", "rival", "rival_trials", "budget", "value", "chance"]
    sign = MEASURES[kind].sign
    models = {str(model): own for model, own in trials.groupby("model", sort=False)}
    if len(models) < 2:
        return pd.DataFrame(columns=columns)
    best = {model: sign * own["validation"].iloc[0] for model, own in models.items()}
    model = max(best, key=lambda name: best[name])
    rivals = {m: sign * own["test"].iloc[0] for m, own in models.items() if m != model}
    rival = max(rivals, key=lambda name: rivals[name])
    own = sign * models[model]["test"].to_numpy()
    rows = []
    for budget in list_budgets(len(own)):
        weights = weigh_best(len(own), budget)
        lead = float(weights @ own - rivals[rival])
        chance = compute_chance(own, np.array([rivals[rival]]), weights=(weights, np.ones(1)))
        rows.append((model, rival, len(models[rival]), budget, lead, chance))
    return pd.DataFrame(rows, columns=columns)


def list_space(models: Iterable[str]) -> pd.DataFrame:
    """From where the settings of these models are drawn: model, setting, low, high and drawn."""
    rows = [
        (model, name, f"{r.low:g}", f"{r.high:g}", "by its logarithm" if r.log else "evenly")
        for model in models
        for name, r in SPACES[model].items()
    ]
    return pd.DataFrame(rows, columns=["model", "setting", "low", "high", "drawn"])


def list_chosen(trials: pd.DataFrame) -> pd.DataFrame:
    """The setting that all trials of each model choose: model, setting, validation, test, run."""
    rows = []
    for model, own in trials.groupby("model", sort=False):
        best = own.iloc[0]
        setting = ", ".join(f"{name} {best[name]:g}" for name in SPACES[str(model)])
        figures = {name: best[name] for name in ("validation", "test")}
        run_id = best["run"].record.run_id
        rows.append({"model": model, "setting": setting, **figures, "run": run_id})
    return pd.DataFrame(rows, columns=["model", "setting", "validation", "test", "run"])


def _compare_at(
    first: pd.DataFrame, second: pd.DataFrame, budget: int, sign: int
) -> tuple[float, float]:
    """The expected lead of the first with this budget each, and in how many orders it leads."""
    weights = weigh_best(len(first), budget), weigh_best(len(second), budget)
    a, b = (sign * own["test"].to_numpy() for own in (first, second))
    return float(weights[0] @ a - weights[1] @ b), compute_chance(a, b, weights=weights)


def _compare_chosen(first: pd.DataFrame, second: pd.DataFrame, kind: str) -> dict[str, Any]:
    """By how much the first's chosen setting is ahead on test rows, over the same users."""
    a, b = (own["run"].iloc[0] for own in (first, second))
    if kind == "stars":
        found = compare_paired([b.predictions], [a.predictions])
    else:
        found = compare_rankings([a.ranks], [b.ranks])
    assert found.low is not None
    assert found.high is not None
    clear = found.low > 0 or found.high < 0
    return {"value": found.value, "low": found.low, "high": found.high, "clear": clear}


def _name_interval(name: str, samples: np.ndarray) -> dict[str, float]:
    low, high = compute_interval(samples)
    return {f"{name}_low": low, f"{name}_high": high}
