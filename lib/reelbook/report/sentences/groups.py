"""The computed sentences of the page on groups of users."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from reelbook.data.names import count
from reelbook.report.group_gaps import is_higher_better, judge, pick_best
from reelbook.report.groups import DAYS, RATINGS, SINCE, TASTE
from reelbook.report.sentences.phrases import INDISTINGUISHABLE, join_words

WORDS = {
    "gender": "{}",
    "age": "users aged {}",
    "occupation": "users with the occupation {}",
    RATINGS: "users with {} training ratings",
    DAYS: "users active on {} days",
    SINCE: "ratings given {} after a user's first",
    TASTE: "users of {} taste",
}
UNITS = {"RMSE": " stars", "mean error": " stars"}
KINDS = {"RMSE": "rating model", "nDCG@10": "model for lists"}


def name_group(row: Any) -> str:
    """A group in words, such as "users aged 25-34"."""
    words = WORDS[row["grouping"]].format(row["group"])
    return words.removesuffix("s") if words.endswith("on 1 days") else words


def answer(found: Mapping[str, pd.DataFrame]) -> str:
    """The short answer of the page, from what `group_gaps.compare_all` gives."""
    told = []
    for measure in KINDS:
        if measure in found:
            table = found[measure]
            texts = [describe_worst(table), describe_quiet(table), judge_activity(table)]
            told.append(" ".join(text for text in texts if text))
    return "**In short.** " + "\n\n".join(told or [say_none()])


def say_none() -> str:
    """What is said where nothing can be compared."""
    return "No two groups of users are large enough to compare, or no model was measured on them."


def describe_worst(table: pd.DataFrame) -> str:
    """Whom the best model serves worst, by how much, and what of it is left at equal activity.

    Args:
        table: as `group_gaps.compare_groups` gives it, the best model first, of RMSE or nDCG@10.
    """
    own, number = pick_best(table), count_gaps(table)
    measure = own["measure"].iloc[0]
    who = f"`{own['model'].iloc[0]}`, the best {KINDS[measure]} here,"
    worse = list_worse(own)
    if worse.empty:
        return f"{who} serves no group clearly worse than the rest, among {number:,} gaps."
    worst = worse.iloc[0]
    text = (
        f"{who} serves {name_group(worst)} worst: its {measure} there is {worst['value']:.3f}"
        f"{UNITS.get(measure, '')}, {_say_gap(worst)} than for the rest (95% interval "
        f"{_give_bounds(worst, 'gap')}, which allows for {number:,} gaps)."
    )
    others = worse[worse["grouping"] != RATINGS]
    if others.empty:
        return f"{text} No group of another kind is clearly worse off."
    other = others.iloc[0]
    if worst["grouping"] == RATINGS:
        text += f" For {name_group(other)} it is {_say_gap(other)}."
    zero = "" if other["matched_clear"] else f", {INDISTINGUISHABLE}"
    return (
        f"{text} Against users with as many training ratings, {other['matched']:+.3f} is left of "
        f"this gap ({_give_bounds(other, 'matched')}{zero})."
    )


def judge_activity(table: pd.DataFrame) -> str:
    """Whether both groupings by activity say the same of the least and of the most active users.

    They do where each end is clearly worse, clearly better or without a clear gap by both. Nothing
    is said where one of them is not there.
    """
    by = _split_activity(table)
    if not by:
        return ""
    said = [[judge(row) for row in rows.to_dict("records")] for rows in by.values()]
    alike = "the same conclusion" if said[0] == said[1] else "different conclusions"
    names = " and by ".join(by)
    return f"Groups by {names} lead to {alike} on the least and the most active users."


def describe_activity(table: pd.DataFrame) -> str:
    """What the groupings by activity say of the least and the most active, and what days add."""
    by = _split_activity(table)
    if not by:
        return "The data do not tell of two kinds of activity, so there is nothing to compare."
    measure = str(table["measure"].iloc[0])
    ends = [
        " and ".join(
            f"{row['gap']:+.3f} by {name} ({judge(row)})"
            for name, row in ((name, rows.iloc[place]) for name, rows in by.items())
        )
        for place in (0, 1)
    ]
    own = pick_best(table).dropna(subset="gap")
    days = own[own["grouping"] == DAYS]
    return (
        f"{judge_activity(table)} In {measure}, the least active differ from the rest by "
        f"{ends[0]}, the most active by {ends[1]}. Of {count(len(days), 'gap')} by days active, "
        f"{days['gap_clear'].sum()} can be told from zero as they are, and "
        f"{days['matched_clear'].sum()} at equal numbers of training ratings."
    )


def _split_activity(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The least and the most active group of the best model by RATINGS and DAYS; else nothing."""
    own = pick_best(table).dropna(subset="gap")
    by = {name: own[own["grouping"] == name] for name in (RATINGS, DAYS)}
    if any(rows.empty for rows in by.values()):
        return {}
    mirrored = {name: rows.assign(gap=-rows["gap"]) for name, rows in by.items()}  # of two groups
    return {
        name: pd.concat([rows.iloc[:1], (rows if len(rows) > 1 else mirrored[name]).iloc[-1:]])
        for name, rows in by.items()
    }


def describe_quiet(table: pd.DataFrame) -> str:
    """The groupings by which the best model serves all alike, as far as can be told."""
    clear = pick_best(table).groupby("grouping", sort=False)["gap_clear"].any()
    quiet = [str(name) for name in clear.index[~clear]]
    if not quiet:
        return "By each grouping some gap is clear."
    return f"By {join_words(quiet)}, no gap is clear."


def describe_models(table: pd.DataFrame) -> str:
    """How many models serve the same group worst."""
    worst = {}
    for model, rows in table.groupby("model", sort=False):
        worse = list_worse(rows)
        if len(worse):
            worst[model] = name_group(worse.iloc[0])
    number = table["model"].nunique()
    if not worst:
        return f"None of the {count(number, 'model')} serves a group clearly worse than the rest."
    counts = pd.Series(worst).value_counts()  # of equal numbers the first stays first
    told = [f"{name} ({count(times, 'model')})" for name, times in counts.items()]
    text = f"Served worst, among the clear gaps: {join_words(told)}."
    none = number - len(worst)
    serve = "serves" if none == 1 else "serve"
    rest = f" Of {count(number, 'model')}, {none} {serve} no group clearly worse than the rest."
    return text + rest * bool(none)


def describe_errors(table: pd.DataFrame) -> str:
    """Whose ratings are predicted too high and too low, by each model."""
    told = []
    for model, rows in table.groupby("model", sort=False):
        high, low = (rows.loc[rows["value"].agg(which)] for which in ("idxmax", "idxmin"))
        clear = [name_group(row) for row in rows[rows["gap_clear"]].to_dict("records")]
        ends = f"{low['value']:+.3f} stars for {name_group(low)} to {high['value']:+.3f} stars for "
        ends += name_group(high)
        gaps = f"clear gaps for {join_words(clear)}" if clear else "no gap is clear"
        told.append(f"- `{model}`: mean errors from {ends}; {gaps}.")
    return "\n".join(told)


def describe_contradiction(found: Mapping[str, pd.DataFrame]) -> str:
    """Groups that one measure of lists calls clearly better served and the other clearly worse."""
    ndcg, recall = (pick_best(found[name]) for name in ("nDCG@10", "recall@10"))
    both = ndcg.merge(recall, on=["grouping", "group"])
    clear = both[both["gap_clear_x"] & both["gap_clear_y"]]
    opposed = clear[clear["gap_x"] * clear["gap_y"] < 0]
    if clear.empty:
        return "No group has a clear gap by both measures of lists."
    return (
        f"Both measures of lists have a clear gap for {count(len(clear), 'group')}; for "
        f"{len(opposed)} of them they say the opposite of each other."
    )


def list_worse(own: pd.DataFrame) -> pd.DataFrame:
    """The groups of a model that are clearly worse served than the rest, the worst first."""
    is_worse = [judge(row) == "clearly worse" for row in own.to_dict("records")]
    is_upward = is_higher_better(own["measure"].iloc[0])
    return own[is_worse].sort_values("gap", ascending=is_upward, kind="stable")


def count_gaps(table: pd.DataFrame) -> int:
    """How many gaps the intervals of a table hold at once."""
    return int(table["gap"].notna().sum())


def _say_gap(row: pd.Series) -> str:
    """A gap in words: "**0.093** higher"."""
    return f"**{abs(row['gap']):.3f}** {'higher' if row['gap'] > 0 else 'lower'}"


def _give_bounds(row: pd.Series, name: str) -> str:
    """The bounds of a gap: "+0.039 to +0.148"."""
    return f"{row[f'{name}_low']:+.3f} to {row[f'{name}_high']:+.3f}"
