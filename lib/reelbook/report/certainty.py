"""How sure predictions of stars are: what intervals hold, for whom, and what doubt buys.

The rows are those of `reelbook.report.intervals`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.metrics.bootstrap import compute_interval, resample_ratios
from reelbook.metrics.simultaneous import bound_all
from reelbook.report.compare import SEEN_EDGES
from reelbook.report.demographics import name_age_groups
from reelbook.report.groups import cut_numbers
from reelbook.report.intervals import METHODS, PROMISED, SHOWN

LEFT_OUT = 0.1  # share of rows, the least sure ones, that are not predicted
FEWEST_USERS = 20  # of a group with figures of its own

COVERAGE_FORMATS = dict.fromkeys(["50%", "80%", "90%", "from", "to", "95%"], "{:.1%}")
COVERAGE_FORMATS |= dict.fromkeys(["width", "narrowest", "widest"], "{:.2f}")
SHARES = [f"{method}_{end}" for method in METHODS for end in ("met", "low", "high")]
GROUP_FORMATS = {"rows": "{:,}", "users": "{:,}", **dict.fromkeys(SHARES, "{:.1%}")}


def list_coverage(measured: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Coverage of each model's intervals, the model with the lowest error first.

    Returns:
        name, rmse (of the tested rows), source, method, promised, met with low and high (95%
        intervals over users), and width, width_low and width_high of the intervals of SHOWN.
    """
    rows = []
    for name, table in measured.items():
        columns = [f"{method} {c}" for method in METHODS for c in (*PROMISED, "width")]
        ones = pd.DataFrame(1.0, index=table.index, columns=columns)
        values, samples = resample_ratios(table["user_id"], table[columns], ones)
        found = dict(zip(columns, zip(values, samples.T, strict=True), strict=True))
        rmse = float(np.sqrt(np.mean(table["error"] ** 2)))
        for method in METHODS:
            width, drawn = found[f"{method} width"]
            width_low, width_high = compute_interval(drawn)
            for promised in PROMISED:
                met, drawn = found[f"{method} {promised}"]
                low, high = compute_interval(drawn)
                rows.append(
                    {
                        "name": name, "rmse": rmse, "source": table["source"].iloc[0],
                        "method": method, "promised": promised, "met": met, "low": low,
                        "high": high, "width": width, "width_low": width_low,
                        "width_high": width_high,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows).sort_values("rmse", kind="stable", ignore_index=True)


def format_coverage(coverage: pd.DataFrame) -> pd.DataFrame:
    """A row a model and method for a page, of what `list_coverage` gives."""
    keys = ["name", "method"]
    met = coverage.pivot(index=keys, columns="promised", values="met")
    met.columns = [f"{promised:.0%}" for promised in met]
    told = coverage[coverage["promised"] == SHOWN].set_index(keys)
    shown = told[["rmse", "low", "high", "width", "width_low", "width_high"]].join(met)
    names = {
        "name": "model", "method": "interval", "rmse": "rmse", "50%": "50%", "80%": "80%",
        "90%": "90%", "low": "from", "high": "to", "95%": "95%", "width": "width",
        "width_low": "narrowest", "width_high": "widest",
    }  # fmt: skip
    return shown.reset_index()[list(names)].rename(columns=names)


def pick_lead(coverage: pd.DataFrame) -> str:
    """The model with the lowest error of those that kept validation rows, or of all."""
    kept = coverage[coverage["source"] == "validation"]
    return str((kept if len(kept) else coverage)["name"].iloc[0])


def pick_shown(names: Sequence[str], most: int = 6) -> list[str]:
    """The first model of each family, in the order given, and no more than a figure can show."""
    heads: dict[str, str] = {}
    for name in names:
        heads.setdefault(name.split(".")[0], name)
    return list(heads.values())[:most]


def group_rows(rows: pd.DataFrame, dataset: Dataset) -> dict[str, pd.Series]:
    """The group of each row, an ordered categorical, by what groups it.

    By the number of training ratings of user and movie and, where people are known, by gender and
    age of the user.
    """
    found = {
        f"ratings of the {word}": cut_numbers(rows[column], SEEN_EDGES)
        for word, column in (("user", "of_user"), ("movie", "of_movie"))
    }
    if "people" in dataset.traits:
        people = dataset.users.set_index("user_id")
        ages = name_age_groups(people["age"])
        found["gender"] = rows["user_id"].map(people["gender"]).astype("category")
        found["age"] = rows["user_id"].map(ages).astype(ages.dtype)
    return found


def list_groups(rows: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Coverage of the intervals of SHOWN by group, for groups of at least FEWEST_USERS users.

    Args:
        rows: tested rows of a model.
        dataset: the canonical tables.

    Returns:
        by, group, users, rows, rmse and, for each method, met, low and high (such as plain_met):
        simultaneous 95% intervals over all rows and methods of the table.
    """
    columns = [f"{method} {SHOWN}" for method in METHODS]
    heads, parts, wholes = [], {}, {}
    for by, groups in group_rows(rows, dataset).items():
        for group in groups.cat.categories:
            inside = (groups == group).to_numpy()
            users = rows.loc[inside, "user_id"].nunique()
            if users < FEWEST_USERS:
                continue
            rmse = float(np.sqrt(np.mean(rows.loc[inside, "error"] ** 2)))
            heads.append((by, str(group), users, int(inside.sum()), rmse))
            for column in columns:
                parts[by, group, column] = rows[column] & inside
                wholes[by, group, column] = inside
    table = pd.DataFrame(heads, columns=["by", "group", "users", "rows", "rmse"])
    if table.empty:
        return table
    met, samples = resample_ratios(rows["user_id"], pd.DataFrame(parts), pd.DataFrame(wholes))
    half = bound_all(np.vstack([met, samples]))
    for place, method in enumerate(METHODS):
        own = slice(place, None, len(METHODS))
        table[f"{method}_met"] = met[own]
        table[f"{method}_low"] = met[own] - half[own]
        table[f"{method}_high"] = (met[own] + half[own]).clip(max=1)
    return table


def list_abstentions(measured: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What it buys not to predict the rows with the highest expected error, LEFT_OUT of them.

    Returns:
        name, all and kept (RMSE in stars), value (by how much it falls) with low, high and clear,
        and dropped (RMSE of the rows left out), the largest fall first.
    """
    rows = []
    for name, table in measured.items():
        # By place, not by value: of equal ones the first are kept.
        places = np.argsort(np.argsort(table["expected"].to_numpy(), kind="stable"))
        kept = places < round((1 - LEFT_OUT) * len(table))
        squares = table["error"] ** 2
        parts = pd.DataFrame({"all": squares, "kept": squares * kept, "dropped": squares * ~kept})
        wholes = pd.DataFrame({"all": np.ones(len(table)), "kept": kept, "dropped": ~kept})
        values, samples = (np.sqrt(r) for r in resample_ratios(table["user_id"], parts, wholes))
        low, high = compute_interval(samples[:, 0] - samples[:, 1])
        fall = values[0] - values[1]
        clear = low > 0 or high < 0
        rows.append((name, values[0], values[1], values[2], fall, low, high, clear))
    columns = ["name", "all", "kept", "dropped", "value", "low", "high", "clear"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("value", ascending=False, kind="stable", ignore_index=True)
