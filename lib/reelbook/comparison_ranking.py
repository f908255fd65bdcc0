"""Finished runs of models that rank, side by side."""

from collections.abc import Sequence

import pandas as pd
import yaml

from reelbook.comparison import Groups
from reelbook.errors import ReelbookError
from reelbook.paths import BOOK
from reelbook.recommending import compare_rankings, estimate_ranking
from reelbook.schema import Dataset


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
    """A row a model, best first: name, value (mean over its runs), low and high, sd, seconds."""
    rows = []
    for model, runs in groups.items():
        mean = estimate_ranking([run.ranks for run in runs], metric=metric)
        values = pd.Series([run.record.get_metric(metric).value for run in runs])
        seconds = sum(run.record.seconds for run in runs) / len(runs)
        rows.append(
            {
                "name": model,
                "value": mean.value,
                "low": mean.low,
                "high": mean.high,
                "sd": values.std(),
                "seconds": seconds,
            }
        )
    return pd.DataFrame(rows).sort_values("value", ascending=False, ignore_index=True)


def compare_ranking_models(
    groups: Groups, pairs: Sequence[tuple[str, str]], *, metric: str = "ndcg@10"
) -> pd.DataFrame:
    """A row a pair: by how much the second model's metric lies above the first's, same users.

    Returns:
        name ("first -> second"), value (positive where the second is better), low, high, clear.
    """
    rows = []
    for first, second in pairs:
        parts = [[run.ranks for run in groups[model]] for model in (second, first)]
        gain = compare_rankings(*parts, metric=metric)
        rows.append(
            {"name": f"{first} → {second}", "value": gain.value, "low": gain.low, "high": gain.high}
        )
    table = pd.DataFrame(rows)
    return table.assign(clear=(table["low"] > 0) | (table["high"] < 0))


def read_published(dataset: Dataset, protocol: str) -> pd.DataFrame:
    """Figures that others published for this data set and protocol, best first; empty if none.

    Returns:
        model and a column a metric, from `book/published.yml`.

    Raises:
        ReelbookError: an entry of the file lacks something.
    """
    tables = yaml.safe_load((BOOK / "published.yml").read_text())
    for table in tables:
        if missing := {"dataset", "protocol", "source", "metrics", "models"} - table.keys():
            raise ReelbookError(f"published.yml: a table has no {', '.join(sorted(missing))}.")
        if (table["dataset"], table["protocol"]) == (dataset.name, protocol) and not dataset.note:
            frame = pd.DataFrame.from_dict(
                table["models"], orient="index", columns=table["metrics"]
            )
            frame = frame.rename_axis("model").reset_index()
            return frame.sort_values(table["metrics"][0], ascending=False, ignore_index=True)
    return pd.DataFrame({"model": []})
