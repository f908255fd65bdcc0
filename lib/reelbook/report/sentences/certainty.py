"""The computed sentences of the page on how sure predictions are."""

from typing import Any

import pandas as pd

from reelbook.data.names import count
from reelbook.report.certainty import FEWEST_USERS, LEFT_OUT
from reelbook.report.intervals import SHOWN
from reelbook.report.sentences.phrases import join_words, list_rows, quote_models, tell_fall

METHODS = {
    "plain": "if all intervals are equally wide",
    "scaled": "if they are scaled by the expected error",
}
NAMES = {"plain": "Intervals that are equally wide", "scaled": "Scaled intervals"}


def answer(
    coverage: pd.DataFrame,
    abstentions: pd.DataFrame,
    groups: pd.DataFrame,
    tenths: pd.DataFrame,
    *,
    lead: str,
) -> str:
    """The short answer of the page.

    Args:
        coverage: as `certainty.list_coverage` gives it.
        abstentions: as `certainty.list_abstentions` gives them.
        groups: of the lead, as `certainty.list_groups` gives them.
        tenths: as `scores.compare_tenths` gives them.
        lead: the model to speak of.
    """
    told = [
        f"{give_share(row)} of the test ratings {words} ({row['width']:.2f} stars on average)"
        for method, words in METHODS.items()
        for row in [pick_row(coverage, lead, method)]
    ]
    fall = pick_abstention(abstentions, lead)
    return (
        f"**In short.** Around a prediction of `{lead}`, an interval that promises {SHOWN:.0%} "
        f"holds {join_words(told)}. {describe_worst(groups)}Without the least sure "
        f"{LEFT_OUT:.0%} of the rows, its RMSE {tell_change(fall)}. {describe_scores(tenths)}"
    )


def describe_worst(groups: pd.DataFrame) -> str:
    """In which group each kind of interval holds least; nothing where there are no groups."""
    if groups.empty:
        return ""
    told = [f"{groups[f'{method}_met'].min():.1%} {words}" for method, words in METHODS.items()]
    return f"In the groups where they hold least, they hold {join_words(told)}. "


def pick_row(coverage: pd.DataFrame, model: str, method: str) -> dict[str, Any]:
    """The row of a model and a method for the intervals of SHOWN."""
    asked = {"name": model, "method": method, "promised": SHOWN}
    found = coverage[(coverage[list(asked)] == pd.Series(asked)).all(axis=1)]
    return {str(name): value for name, value in found.iloc[0].items()}


def pick_abstention(abstentions: pd.DataFrame, model: str) -> Any:
    """The row of a model."""
    return list_rows(abstentions[abstentions["name"] == model])[0]


def give_share(row: dict[str, Any]) -> str:
    """A share with its interval: "**90.1%** (95% interval 89.6% to 90.6%)"."""
    return f"**{row['met']:.1%}** (95% interval {row['low']:.1%} to {row['high']:.1%})"


def tell_change(fall: Any) -> str:
    """From where to where an error goes, and by how much."""
    return f"goes from {fall.all:.3f} to {fall.kept:.3f}: it {tell_fall(fall)}"


def describe_gap(coverage: pd.DataFrame) -> str:
    """How far the coverage of all models strays from the promise."""
    shown = coverage[coverage["promised"] == SHOWN]
    low, high = shown["met"].min(), shown["met"].max()
    number = shown["name"].nunique()
    models = "this model" if number == 1 else f"all {number} rating models"
    return f"Over both kinds of interval and {models}, coverage is {low:.1%} to {high:.1%}."


def describe_sources(coverage: pd.DataFrame) -> str:
    """Which models were calibrated on test rows, and why."""
    halves = coverage.loc[coverage["source"] == "test", "name"].unique()
    if not len(halves):
        return "All models were calibrated on validation rows."
    return (
        f"No validation rows were kept for {join_words(quote_models(halves))}. Such a model learns "
        "only once, from training and validation rows together, and a second training would take "
        "too long. A drawn half of the test rows calibrates instead, and the other half is tested."
    )


def describe_groups(groups: pd.DataFrame) -> str:
    """For which groups the intervals do not hold what they promise.

    Args:
        groups: as `certainty.list_groups` gives them.
    """
    if groups.empty:
        return f"No group has {FEWEST_USERS} users, so groups have no figures of their own."
    told = []
    for method, name in NAMES.items():
        met, low, high = (groups[f"{method}_{end}"] for end in ("met", "low", "high"))
        short, over = (high < SHOWN), (low > SHOWN)
        worst = groups.iloc[int(met.argmin())]
        told.append(
            f"{name} clearly miss the promise of {SHOWN:.0%} in "
            f"{count(int(short.sum()), 'group')} of {len(groups)} and exceed it in "
            f"{int(over.sum())}. Their lowest coverage is {met.min():.1%} ({worst['by']}: "
            f"{worst['group']})."
        )
    return " ".join(told)


def describe_abstentions(abstentions: pd.DataFrame) -> str:
    """For how many models it pays to leave out the least sure rows, and how far off those are."""
    paid = int((abstentions["clear"] & (abstentions["value"] > 0)).sum())
    best = abstentions.iloc[0]
    return (
        f"The error clearly falls for {paid} of {count(len(abstentions), 'model')}, most for "
        f"`{best['name']}`: {best['all']:.3f} on all rows, {best['kept']:.3f} without the "
        f"least sure {LEFT_OUT:.0%} and {best['dropped']:.3f} on these."
    )


def describe_time(coverage: pd.DataFrame) -> str:
    """What is left of the promise where test rows follow all others in time.

    Args:
        coverage: as `certainty.list_coverage` gives it, of the runs by time; may be empty.
    """
    kept = coverage[coverage["source"] == "validation"] if len(coverage) else coverage
    if kept.empty:
        return (
            "No rating model of this plan kept validation rows where test rows follow all others "
            "in time, so there is nothing to compare."
        )
    shown = kept[kept["promised"] == SHOWN]
    short = shown[shown["high"] < SHOWN]
    return (
        f"Where test rows follow all others in time, intervals that promise {SHOWN:.0%} hold "
        f"{shown['met'].min():.1%} to {shown['met'].max():.1%}; {len(short)} of {len(shown)} "
        "clearly miss the promise."
    )


def describe_scores(tenths: pd.DataFrame) -> str:
    """Whether scores say how likely a movie is rated, and whether they say more than ranks.

    Args:
        tenths: as `scores.compare_tenths` gives them.
    """
    if tenths.empty:
        return "No model of this plan makes lists by `stratified`, so there is nothing to show."
    best = tenths.iloc[0]
    more, less = (int((tenths["clear"] & (sign * tenths["value"] > 0)).sum()) for sign in (1, -1))
    return (
        f"Of the recommendations of `{best['name']}`, {best['lowest']:.1%} of the tenth with the "
        f"lowest scores and {best['highest']:.1%} of the tenth with the highest ones are hits; of "
        f"the first tenth of all ranks {best['first']:.1%}. The highest scores are clearly hit "
        f"more often than the first ranks for {more} of {count(len(tenths), 'model')}, and less "
        f"often for {less}."
    )
