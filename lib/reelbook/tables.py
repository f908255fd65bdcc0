"""From results and records to the tables of the pages; no file is written here."""

import hashlib
from collections.abc import Iterable
from typing import Any

import pandas as pd
from pandas.io.formats.style import Styler

from reelbook import claims
from reelbook.errors import ReelbookError
from reelbook.evaluation import compare_paired, estimate_metric
from reelbook.paths import get_plan_dir
from reelbook.runs import Run
from reelbook.schema import Dataset

# Built as a document describes them; all others are ours.
DOCUMENT_MODELS = ["mf.dot", "mf.mlp", "mf.sigmoid"]


def read_results(plan: str) -> pd.DataFrame:
    """The rows of `build/<plan>/results.csv`; ReelbookError if the plan has not been built yet."""
    path = get_plan_dir(plan) / "results.csv"
    if not path.is_file():
        raise ReelbookError(
            f"There are no results of plan {plan} yet ({path}). Run: make book PLAN={plan}"
        )
    return pd.read_csv(path, dtype={"fold": "Int64"}, float_precision="round_trip")


def show_table(
    frame: pd.DataFrame, caption: str, *, digits: int = 3, formats: dict[str, Any] | None = None
) -> Styler:
    """A table for a page: caption, no index, floats rounded, the same HTML at every build.

    Args:
        frame: what to show; its column names are the headings, with blanks for underscores.
        caption: a sentence that can stand alone.
        digits: decimals of every float column that `formats` does not name.
        formats: column to format, as `Styler.format` takes it.
    """
    texts = [place for place, name in enumerate(frame) if frame[name].dtype.kind == "O"]
    floats = {name: f"{{:.{digits}f}}" for name in frame if frame[name].dtype.kind == "f"}
    return (
        # Styler would draw a random id, and the page would change with every build.
        frame.style.set_uuid(hashlib.sha256(caption.encode()).hexdigest()[:8])
        .set_caption(caption)
        .hide(axis="index")
        .format({**floats, **(formats or {})}, na_rep="-", escape="html")
        .relabel_index([str(name).replace("_", " ") for name in frame], axis="columns")
        .set_table_styles([{"selector": f".col{i}", "props": "text-align: left"} for i in texts])
        .set_table_attributes('class="reelbook-table"')
    )


def make_leaderboard(
    results: pd.DataFrame, runs: Iterable[Run], *, protocol: str, metric: str = "rmse"
) -> pd.DataFrame:
    """A row a model, best first: the mean of a test metric over its runs, and how sure that is.

    Args:
        results: the rows of results.csv.
        runs: at least the runs of that protocol, for their predictions.
        protocol: which protocol's rows; figures of two protocols do not compare.
        metric: `rmse` or `mae`.

    Returns:
        model, mean, low and high (95% interval of the mean, users resampled), sd over folds and
        seeds, num_runs. Models with equal rows can be compared; each fold or seed counts alike.
    """
    by_id = {run.record.run_id: run for run in runs}
    rows = results.query("protocol == @protocol and metric == @metric and split_part == 'test'")
    board = []
    for model, own in rows.groupby("model"):
        parts = [by_id[run_id].predictions for run_id in own["run_id"]]
        estimate = estimate_metric(parts, metric=metric)
        board.append(
            {
                "model": model,
                "mean": estimate.value,
                "low": estimate.low,
                "high": estimate.high,
                "sd": own["value"].std(),
                "num_runs": len(own),
            }
        )
    columns = ["model", "mean", "low", "high", "sd", "num_runs"]
    return pd.DataFrame(board, columns=columns).sort_values("mean", ignore_index=True)


def compare_to_best(board: pd.DataFrame, runs: Iterable[Run], *, protocol: str) -> pd.DataFrame:
    """Each model of a leaderboard against its first, paired on the same rows.

    Returns:
        model, difference (by how much its RMSE exceeds the best one's), low, high, and `clear`:
        whether the interval leaves zero out.
    """
    parts: dict[str, list[pd.DataFrame]] = {}
    order = sorted(runs, key=lambda run: (run.record.split["fold"] or 0, run.record.seed))
    for run in order:
        if run.record.split["protocol"] == protocol:
            parts.setdefault(run.record.model, []).append(run.predictions)
    best = board["model"].iloc[0]
    rows = []
    for model in board["model"].iloc[1:]:
        found = compare_paired(parts[model], parts[best])
        rows.append(
            {"model": model, "difference": found.value, "low": found.low, "high": found.high}
        )
    table = pd.DataFrame(rows, columns=["model", "difference", "low", "high"])
    return table.assign(clear=(table["low"] > 0) | (table["high"] < 0))


def compare_epoch_choices(results: pd.DataFrame, *, protocol: str = "source") -> pd.DataFrame:
    """A row a model: mean test RMSE at the epoch that validation chose, and at the best test epoch.

    Returns:
        model, rmse, sd, rmse_best_test_epoch, sd_best_test_epoch, gain, num_runs.
    """
    rows = results.query(
        "protocol == @protocol and split_part == 'test' "
        "and metric in ['rmse', 'rmse_best_test_epoch']"
    )
    table = (
        rows.groupby(["model", "metric"])["value"].agg(["mean", "std", "size"]).unstack("metric")
    )
    return pd.DataFrame(
        {
            "rmse": table["mean", "rmse"],
            "sd": table["std", "rmse"],
            "rmse_best_test_epoch": table["mean", "rmse_best_test_epoch"],
            "sd_best_test_epoch": table["std", "rmse_best_test_epoch"],
            "gain": table["mean", "rmse"] - table["mean", "rmse_best_test_epoch"],
            "num_runs": table["size", "rmse"],
        }
    ).reset_index(names="model")


def list_glued(
    dataset: Dataset, board: pd.DataFrame, verdicts: pd.DataFrame, *, num_runs: int
) -> dict[str, str]:
    """What other pages say in their text, by the name under which it is glued."""
    best = board.iloc[0]
    documents = board[board["model"].isin(DOCUMENT_MODELS)]
    counts = verdicts["verdict"].value_counts()
    return {
        "dataset_title": dataset.name,
        "dataset_note": dataset.note and f"Note: {dataset.note}.",
        "num_ratings": f"{len(dataset.ratings):,}",
        "num_users": f"{len(dataset.users):,}",
        "num_movies": f"{len(dataset.movies):,}",
        "best_model": best["model"],
        "best_rmse": f"{best['mean']:.3f}",
        "best_interval": f"{best['low']:.3f} to {best['high']:.3f}",
        "worst_document_model": documents["model"].iloc[-1],
        "document_range": f"{documents['mean'].min():.3f} to {documents['mean'].max():.3f}",
        "num_runs": str(num_runs),
        "num_claims": str(len(verdicts)),
        "num_reproduced": str(counts.get(claims.REPRODUCED, 0)),
        "num_not_reproduced": str(counts.get(claims.NOT_REPRODUCED, 0)),
        "num_artefacts": str(counts.get(claims.ARTEFACT, 0)),
        "num_unjudged": str(counts.get(claims.CANNOT_BE_JUDGED, 0)),
    }
