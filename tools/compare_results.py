"""Compare two results.csv row by row, whatever their run ids: `compare_results.py OLD NEW`."""

import sys

import pandas as pd

KEY = ["model", "dataset", "protocol", "fold", "seed", "split_part", "metric"]
FIGURES = ["value", "low", "high", "best_epoch"]

old, new = (pd.read_csv(path).assign(fold=lambda t: t["fold"].fillna(0)) for path in sys.argv[1:3])
for table in (old, new):  # runs that differ in their settings alone share a key: number them
    table.sort_values([*KEY, *FIGURES], inplace=True, ignore_index=True)
    table["number"] = table.groupby(KEY).cumcount()
both = old.merge(new, on=[*KEY, "number"], how="outer", suffixes=("_old", "_new"), indicator=True)
shared = both[both["_merge"] == "both"]
same = pd.concat(
    [
        (shared[f"{name}_old"] == shared[f"{name}_new"])
        | (shared[f"{name}_old"].isna() & shared[f"{name}_new"].isna())
        for name in FIGURES
    ],
    axis=1,
).all(axis=1)
print(f"{len(old)} rows before, {len(new)} now: {same.sum()} equal, {(~same).sum()} different")
for side in ("left_only", "right_only"):
    rows = both[both["_merge"] == side].groupby(["model", "protocol"], observed=True).size()
    where = "gone" if side == "left_only" else "new"
    print(
        f"{rows.sum()} rows {where}",
        *[f"  {m} on {p}: {n}" for (m, p), n in rows.items()],
        sep="\n",
    )
columns = [*KEY, "value_old", "value_new"]
print(shared.loc[~same, columns].to_string() if (~same).any() else "no figure differs")
sys.exit(not (same.all() and len(shared) == len(both)))
