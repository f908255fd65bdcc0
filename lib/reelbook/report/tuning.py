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
from reelbook.metrics.simultaneous import bound_all
from reelbook.models.fitting.grid import NDCG, RMSE
from reelbook.models.registry import describe_model
from reelbook.report.future import measure_lists, measure_stars
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
        reference, 1 where one trial is expected to have no lead, missing where all have none.
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
                row |= {"share": float(_find_shares(quality[0], quality.mean(), start))}
                shares = _find_shares(drawn[:, 0], drawn.mean(axis=1), start)
                row |= _name_interval("share", shares)
        rows.append(row)
    columns = [
        "model", "trials", "seconds", "one", "value", "low", "high", "board", "board_low",
        "board_high", "gain", "gain_low", "gain_high", "share", "share_low", "share_high",
    ]  # fmt: skip
    table = pd.DataFrame(rows).reindex(columns=columns)
    return table.sort_values("value", ascending=measure.sign < 0, ignore_index=True, kind="stable")


def compare_budgets(trials: pd.DataFrame, kind: str) -> pd.DataFrame:
    """How each pair of models stands with 1, 2, 4 and more trials each, as many as both have.

    Args:
        trials: as `list_trials` gives them.
        kind: of the models.

    Returns:
        A row a pair and budget: ahead and behind (with the largest budget), budget, value (by how
        much the first is expected to be ahead, negative where it is behind) and chance (in which
        part of the pairs of orders it is ahead; missing where each model has just one choice).
    """
    sign, columns = MEASURES[kind].sign, ["ahead", "behind", "budget", "value", "chance"]
    models = {str(m): sign * own["test"].to_numpy() for m, own in trials.groupby("model")}
    rows = []
    for first, second in itertools.combinations(dict.fromkeys(trials["model"]), 2):
        sizes = len(models[first]), len(models[second])
        best = [models[m] @ weigh_best(len(models[m]), min(sizes)) for m in (first, second)]
        ahead, behind = (first, second) if best[0] >= best[1] else (second, first)
        a, b = models[ahead], models[behind]
        for budget in list_budgets(min(sizes)):
            weights = weigh_best(len(a), budget), weigh_best(len(b), budget)
            several = max(sizes) > budget
            chance = compute_chance(a, b, weights=weights) if several else np.nan
            rows.append((ahead, behind, budget, weights[0] @ a - weights[1] @ b, chance))
    return pd.DataFrame(rows, columns=columns)


def compare_chosen(trials: pd.DataFrame, kind: str) -> pd.DataFrame:
    """By how much the setting that a model's trials choose beats another's on test rows.

    Args:
        trials: as `list_trials` gives them.
        kind: of the models.

    Returns:
        A row a pair of `compare_budgets`: ahead, behind, value, low and high of the 95% interval
        over users, which holds for all pairs at once (`metrics.simultaneous`), and clear.
    """
    pairs = compare_budgets(trials, kind)[["ahead", "behind"]].drop_duplicates(ignore_index=True)
    columns = ["value", "low", "high", "clear"]
    if pairs.empty:
        return pairs.reindex(columns=[*pairs, *columns])
    chosen = trials.drop_duplicates("model")
    is_stars = kind == "stars"
    tables = [[run.predictions if is_stars else run.ranks] for run in chosen["run"]]
    values, samples = (measure_stars if is_stars else measure_lists)(tables)
    both = np.vstack([values, samples])  # (1 + resamples, models)
    names = chosen["model"].tolist()
    first, second = ([names.index(m) for m in pairs[c]] for c in ("ahead", "behind"))
    gaps = both[:, first] - both[:, second]  # (1 + resamples, pairs)
    half = bound_all(gaps)
    pairs = pairs.assign(value=gaps[0], low=gaps[0] - half, high=gaps[0] + half)
    return pairs.assign(clear=(pairs["low"] > 0) | (pairs["high"] < 0))


def compare_unequal(trials: pd.DataFrame, kind: str) -> pd.DataFrame:
    """How the model that is best on validation rows stands where it alone is tuned less.

    Args:
        trials: as `list_trials` gives them.
        kind: of the models.

    Returns:
        A row a budget of that model: model, rival (of the others, the best on test rows with the
        setting that all its trials choose), rival_trials, budget, value (the expected lead of the
        first) and chance (in which part of its orders it has one).
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


def _find_shares(chosen: np.ndarray, one: np.ndarray, start: float) -> np.ndarray:
    """Which part of the lead over `start` is the gain over one trial, from 0 to 1."""
    leads = chosen - start
    parts = np.divide(chosen - one, leads, out=np.ones_like(leads), where=leads > 0)
    return parts.clip(0, 1)


def _name_interval(name: str, samples: np.ndarray) -> dict[str, float]:
    low, high = compute_interval(samples.round(12) + 0.0)  # no -0.0
    return {f"{name}_low": low, f"{name}_high": high}
