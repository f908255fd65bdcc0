"""Finished runs side by side: means, paired differences, curves, error by how often seen, lists."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.metrics.catalogue import (
    Score,
    compare_rankings,
    estimate_ranking,
    evaluate_ranking,
    rank_catalogue,
)
from reelbook.metrics.metric import Metric
from reelbook.metrics.ratings import compare_paired, compute_error_by_count, estimate_metric
from reelbook.runs.store import Run
from reelbook.splits.split import Split

# The runs of each model, in the same order of folds or seeds.
Groups = dict[str, list[Run]]

SEEN_EDGES = [0, 1, 5, 20, 50, 100, 200]  # lower bounds of groups by number of training ratings


def group_runs(runs: Iterable[Run], *, protocol: str) -> Groups:
    """The runs of a protocol by model, each model's in the order of folds and seeds."""
    groups: Groups = {}
    for run in sorted(runs, key=lambda run: (run.record.split["fold"] or 0, run.record.seed)):
        if run.protocol == protocol:
            groups.setdefault(run.record.model, []).append(run)
    return groups


def list_figures(runs: Iterable[Run]) -> pd.DataFrame:
    """A row a figure of these runs, with the columns of results.csv that tell figures apart."""
    rows = [
        {
            "model": run.record.model,
            "protocol": run.protocol,
            "fold": run.record.split["fold"],
            "seed": run.record.seed,
            **asdict(metric),
        }
        for run in runs
        for metric in run.record.metrics
    ]
    return pd.DataFrame(rows)


def join_histories(groups: Groups) -> pd.DataFrame:
    """The histories of all runs under each other, with model, run (a number) and best_epoch."""
    tables = [
        run.history.assign(model=model, run=number, best_epoch=run.record.best_epoch)
        for model, runs in groups.items()
        for number, run in enumerate(runs)
    ]
    return pd.concat(tables, ignore_index=True)


def estimate_models(groups: Groups, *, metric: str = "rmse") -> pd.DataFrame:
    """A row a model, best first: name, value (mean over its runs), its interval, sd, and costs.

    The 95% interval draws users again; sd is the spread over folds or seeds, NaN for a single run;
    parameters, and seconds of a run with its tuning.
    """
    rows = []
    for model, runs in groups.items():
        mean = estimate_metric([run.predictions for run in runs], metric=metric)
        rows.append(describe_model(model, runs, mean))
    return pd.DataFrame(rows).sort_values("value", ignore_index=True)


def describe_model(model: str, runs: Sequence[Run], mean: Metric) -> dict[str, Any]:
    """The row of a model from the mean of a metric over its runs; see `estimate_models`."""
    values = pd.Series([run.record.get_metric(mean.metric).value for run in runs])
    return {
        "name": model,
        "value": mean.value,
        "low": mean.low,
        "high": mean.high,
        "sd": values.std(),
        "parameters": max(run.record.num_parameters for run in runs),
        "seconds": sum(run.record.seconds for run in runs) / len(runs),
    }


def add_costs(board: pd.DataFrame, groups: Groups) -> pd.DataFrame:
    """A board of models with what else they cost.

    Returns:
        The board, and prediction_seconds (of a thousand, mean over runs), peak_mb (the highest) and
        settings (how many each split tried on its validation rows).
    """
    records = {model: [run.record for run in runs] for model, runs in groups.items()}
    seconds = {
        model: pd.Series([r.prediction_seconds for r in found], dtype="float64").mean()
        for model, found in records.items()
    }
    peaks = {model: max(r.peak_memory_mb for r in found) for model, found in records.items()}
    tried = {model: len(found[0].extra.get("tried") or [{}]) for model, found in records.items()}
    columns = {"prediction_seconds": seconds, "peak_mb": peaks, "settings": tried}
    return board.join(pd.DataFrame(columns), on="name")


def measure_overfitting(histories: pd.DataFrame) -> pd.DataFrame:
    """A row a model: how training and validation RMSE moved from the chosen to the last epoch.

    Args:
        histories: as `join_histories` gives them.

    Returns:
        model, train and validation: change in stars, averaged over runs.
    """
    curves = ["train_rmse", "validation_rmse"]
    seen = histories.dropna(subset=curves)
    keys = ["model", "run"]
    chosen = seen[seen["epoch"] == seen["best_epoch"]].set_index(keys)[curves]
    last = seen.loc[seen.groupby(keys)["epoch"].idxmax()].set_index(keys)[curves]
    change = (last - chosen).groupby("model", sort=False).mean()
    return change.set_axis(["train", "validation"], axis=1).reset_index()


def compare_epochs(groups: Groups) -> pd.DataFrame:
    """A row a model of protocol `source`: test RMSE at the best test epoch and at the chosen one.

    Returns:
        model; best test epoch and chosen epoch: the RMSE there, mean over seeds; range over seeds:
        of the first, missing for one seed; epochs: where the best test epochs lay, as a text.
    """
    rows = []
    for model, runs in groups.items():
        records = [run.record for run in runs]
        if "best_test_epoch" not in records[0].extra:  # trained for a fixed number of epochs
            continue
        best = np.array([record.get_metric("rmse_best_test_epoch").value for record in records])
        rows.append(
            {
                "model": model,
                "best test epoch": best.mean(),
                "chosen epoch": np.mean([record.get_metric("rmse").value for record in records]),
                "range over seeds": np.ptp(best) if len(best) > 1 else np.nan,
                "epochs": ", ".join(str(record.extra["best_test_epoch"]) for record in records),
            }
        )
    return pd.DataFrame(rows)


def compare_ends(groups: Groups) -> pd.DataFrame:
    """A row a model of protocol `source`: test RMSE at the last epoch and at the chosen one.

    Returns:
        model; last epoch and chosen epoch: the RMSE there, mean over seeds, each followed by its
        deviation over seeds; epochs: those that validation chose, as a text.
    """
    rows = []
    for model, runs in groups.items():
        records = [run.record for run in runs]
        row: dict[str, object] = {"model": model}
        for name, metric in {"last epoch": "rmse_last_epoch", "chosen epoch": "rmse"}.items():
            values = pd.Series([record.get_metric(metric).value for record in records])
            row |= {name: values.mean(), f"sd of {name}": values.std()}
        row["epochs"] = ", ".join(str(record.best_epoch) for record in records)
        rows.append(row)
    return pd.DataFrame(rows)


def compare_models(groups: Groups, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """A row a pair: by how much the second model's RMSE lies below the first's, on the same rows.

    Returns:
        name ("first -> second"), value (positive where the second is better), low, high of the 95%
        interval, and clear: whether that leaves zero out.
    """
    gains = [
        compare_paired(*([run.predictions for run in groups[model]] for model in pair))
        for pair in pairs
    ]
    return list_gains(pairs, gains)


def compare_batches(small: Groups, grown: Groups) -> pd.DataFrame:
    """A row a model: what larger batches cost it, on the rows of its run with small ones.

    Args:
        small: a run of each model whose batches did not grow.
        grown: all runs of the models, among them one on the same split.

    Returns:
        name, usual and larger (ratings in a batch), steps (of an epoch, at most), value (positive
        where the larger batches are better), low, high and clear.
    """
    rows = []
    for model, (run,) in small.items():
        split = run.record.split["fingerprint"]
        (other,) = (r for r in grown[model] if r.record.split["fingerprint"] == split)
        record = other.record
        gain = compare_paired([run.predictions], [other.predictions])
        found = list_gains([(model, model)], [gain]).iloc[0].to_dict()
        sizes = {
            "usual": record.params["batch_size"],
            "larger": record.extra["grown"]["batch_size"],
            "steps": record.params["max_steps"],
        }
        rows.append(found | {"name": model} | sizes)
    return pd.DataFrame(rows)


def list_gains(pairs: Sequence[tuple[str, str]], gains: Sequence[Metric]) -> pd.DataFrame:
    """The table of `compare_models`, from the gain of the second model of each pair."""
    rows = [
        {"name": f"{first} → {second}", "value": gain.value, "low": gain.low, "high": gain.high}
        for (first, second), gain in zip(pairs, gains, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["name", "value", "low", "high"])
    return table.assign(clear=(table["low"] > 0) | (table["high"] < 0))


def measure_error_by_count(
    groups: Groups, dataset: Dataset, splits: Sequence[Split], *, key: str
) -> pd.DataFrame:
    """RMSE of test rows by how often their user or movie was rated in training and validation rows.

    Args:
        groups: the runs of each model, in the order of `splits`.
        dataset: what the splits were made of.
        splits: one for each run.
        key: `user_id` or `movie_id`.

    Returns:
        model, seen (a text such as "5-19"), rows and rmse, the test rows of all splits pooled.
    """
    tables = []
    for model, runs in groups.items():
        for run, split in zip(runs, splits, strict=True):
            known = dataset.ratings.iloc[split.known]
            counts = known[key].value_counts()
            by_count = compute_error_by_count(run.predictions, counts, key=key, edges=SEEN_EDGES)
            tables.append(
                by_count.assign(model=model, squares=by_count["rmse"] ** 2 * by_count["rows"])
            )
    pooled = pd.concat(tables).groupby(["model", "lowest", "seen"], sort=False)[["rows", "squares"]]
    table = pooled.sum().reset_index().sort_values(["model", "lowest"], kind="stable")
    table["rmse"] = np.sqrt(table["squares"] / table["rows"])
    order = {model: place for place, model in enumerate(groups)}
    table = table.sort_values("model", key=lambda names: names.map(order), kind="stable")
    return table[["model", "seen", "rows", "rmse"]].reset_index(drop=True)


def average_settings(runs: Sequence[Run]) -> pd.DataFrame:
    """What tuning saw: validation RMSE of each setting of the grid, averaged over runs.

    Returns:
        One column a tuned parameter, validation_rmse (mean), and times_chosen, best first.
    """
    tried = pd.DataFrame(
        [{**row, "run": n} for n, r in enumerate(runs) for row in r.record.extra["tried"]]
    )
    names = [name for name in tried if name not in ("epoch", "validation_rmse", "run")]
    best = tried.loc[tried.groupby("run")["validation_rmse"].idxmin()]
    chosen = best.groupby(names).size()
    table = tried.groupby(names)["validation_rmse"].mean().to_frame()
    table["times_chosen"] = chosen.reindex(table.index, fill_value=0).astype(int)
    return table.sort_values("validation_rmse").reset_index()


def average_metrics(
    groups: Groups, metrics: Sequence[str], *, split_part: str = "test"
) -> pd.DataFrame:
    """A row a model: its name and the mean of each metric over its runs, missing where none has it.

    Args:
        groups: the runs of each model.
        metrics: names as the records have them.
        split_part: train, validation or test.
    """
    rows = []
    for model, runs in groups.items():
        found = pd.DataFrame(
            [
                {m.metric: m.value for m in run.record.metrics if m.split_part == split_part}
                for run in runs
            ]
        )
        rows.append({"model": model, **found.reindex(columns=list(metrics)).mean().to_dict()})
    return pd.DataFrame(rows)


def estimate_rankings(groups: Groups, *, metric: str = "ndcg@10") -> pd.DataFrame:
    """A row a model, best first, with the columns of `estimate_models`."""
    rows = []
    for model, runs in groups.items():
        mean = estimate_ranking([run.ranks for run in runs], metric=metric)
        rows.append(describe_model(model, runs, mean))
    table = pd.DataFrame(rows)
    return table.sort_values("value", ascending=False, ignore_index=True) if rows else table


def compare_ranking_models(
    groups: Groups, pairs: Sequence[tuple[str, str]], *, metric: str = "ndcg@10"
) -> pd.DataFrame:
    """A row a pair: by how much the second model's metric lies above the first's, same users.

    Returns:
        name ("first -> second"), value (positive where the second is better), low, high, clear.
    """
    gains = [
        compare_rankings(
            *([run.ranks for run in groups[model]] for model in (second, first)), metric=metric
        )
        for first, second in pairs
    ]
    return list_gains(pairs, gains)


def measure_score(name: str, score: Score, dataset: Dataset, split: Split) -> dict[str, Any]:
    """The ranking figures of a scoring rule that needs no training, with its name as model."""
    ranked = rank_catalogue(score, dataset, split)
    metrics = evaluate_ranking(ranked, dataset, split)
    return {"model": name, **{metric.metric: metric.value for metric in metrics}}


def measure_spread(groups: Groups, metric: str) -> float:
    """The largest difference between two runs of one model."""
    values = [[run.record.get_metric(metric).value for run in runs] for runs in groups.values()]
    return max(max(own) - min(own) for own in values)
