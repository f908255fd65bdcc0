"""Whether the score of a recommended movie says how likely it is rated: calibration of lists.

The recommended movies of all users are cut into tenths by score. Half of the users, drawn, tell
which share of each tenth is hit, that is among the held-out ratings; the other half are measured.
So scores of any kind become shares (histogram binning, Zadrozny and Elkan 2001).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reelbook.metrics.bootstrap import compute_interval, resample_ratios
from reelbook.metrics.conformal import bin_scores, measure_calibration_error
from reelbook.report.compare import Groups
from reelbook.report.intervals import draw_halves
from reelbook.runs.store import Run

TENTHS = 10
FORMATS = dict.fromkeys(["lowest", "highest", "first ranks", "more", "from", "to"], "{:.1%}")
FORMATS["calibration error"] = "{:.2%}"


def mark_hits(run: Run) -> pd.DataFrame:
    """The recommendations of a run with `hit`, whether the movie is among the held-out ones."""
    lists, keys = run.recommendations, ["user_id", "movie_id"]
    held_out = run.ranks[keys].assign(hit=True)
    marked = lists.merge(held_out, on=keys, how="left", validate="one_to_one")
    return marked.assign(hit=marked["hit"].eq(True))


def cut_lists(runs: Sequence[Run]) -> pd.DataFrame:
    """The recommendations of some runs, each with its tenth by score and by rank, from 0.

    Tenth 9 is the surest: the highest scores, or the first ranks. The edges are those of the users
    that calibrate, in each run.

    Returns:
        user_id, hit, by_score, by_rank, and calibrates, whether the user does.
    """
    found = []
    for run in runs:
        rows = mark_hits(run)
        users = np.sort(rows["user_id"].unique())
        calibrates = rows["user_id"].isin(users[draw_halves(len(users))]).to_numpy()
        columns = {}
        for name, values in (("by_score", rows["score"]), ("by_rank", -rows["rank"])):
            own = values[calibrates]
            edges = np.quantile(own, np.arange(1, TENTHS) / TENTHS)
            columns[name] = bin_scores(values.to_numpy(), edges)
        found.append(rows[["user_id", "hit"]].assign(**columns, calibrates=calibrates))
    return pd.concat(found, ignore_index=True)


def list_tenths(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of hits in each tenth of one model's recommendations.

    Args:
        rows: as `cut_lists` gives them.

    Returns:
        by ("score" or "rank"), tenth (from 1), rows, promised (share of hits among the users that
        calibrate), met (among the others) with low and high, 95% intervals over these users.
    """
    tables = []
    for by in ("score", "rank"):
        tenth = rows[f"by_{by}"]
        promised = rows[rows["calibrates"]].groupby(tenth)["hit"].mean()
        tested = rows[~rows["calibrates"]]
        own = tenth[~rows["calibrates"]].to_numpy()
        filled = [place for place in range(TENTHS) if (own == place).any()]
        inside = pd.DataFrame({place: own == place for place in filled}, index=tested.index)
        hits = inside.mul(tested["hit"], axis=0)
        met, samples = resample_ratios(tested["user_id"], hits, inside)
        table = pd.DataFrame({"by": by, "tenth": np.array(filled) + 1, "met": met})
        table["rows"] = inside.sum().to_numpy()
        table["promised"] = promised.reindex(filled).to_numpy()
        table["low"], table["high"] = np.nanquantile(samples, [0.025, 0.975], axis=0)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def measure_lists(groups: Groups) -> dict[str, pd.DataFrame]:
    """The recommendations of each model, as `cut_lists` gives them."""
    return {model: cut_lists(runs) for model, runs in groups.items()}


def compare_tenths(cut: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Which tenth is hit how often, and whether scores know more than ranks.

    Returns:
        name; lowest and highest, share of hits of the first and the last tenth by score that has
        rows; first, that of the first tenth of ranks; value, highest - first, with low, high and
        clear; error, of `measure_calibration_error`; the largest `highest` first.
    """
    rows = []
    for name, table in cut.items():
        tenths = list_tenths(table)
        by_score = tenths[tenths["by"] == "score"]
        tested = table[~table["calibrates"]]
        ends = {
            "lowest": tested["by_score"] == by_score["tenth"].min() - 1,
            "highest": tested["by_score"] == by_score["tenth"].max() - 1,
            "first": tested["by_rank"] == TENTHS - 1,
        }
        inside = pd.DataFrame(ends)
        hits = inside.mul(tested["hit"], axis=0)
        values, samples = resample_ratios(tested["user_id"], hits, inside)
        gains = samples[:, 1] - samples[:, 2]
        low, high = compute_interval(gains[~np.isnan(gains)])
        counts = (by_score[c].fillna(0).to_numpy() for c in ("promised", "met", "rows"))
        gain = values[1] - values[2]
        clear = low > 0 or high < 0
        rows.append((name, *values, gain, low, high, clear, measure_calibration_error(*counts)))
    columns = ["name", "lowest", "highest", "first", "value", "low", "high", "clear", "error"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("highest", ascending=False, kind="stable", ignore_index=True)


def format_tenths(tenths: pd.DataFrame) -> pd.DataFrame:
    """What `compare_tenths` gives, for a page."""
    names = {
        "name": "model", "lowest": "lowest", "highest": "highest", "first": "first ranks",
        "value": "more", "low": "from", "high": "to", "error": "calibration error",
    }  # fmt: skip
    return tenths[list(names)].rename(columns=names)
