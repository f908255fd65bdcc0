"""The computed sentences of the chapter on the ratings around a rating."""

from typing import Any

import pandas as pd

from reelbook.report.sentences.phrases import (
    give_estimate,
    give_scope,
    give_size,
    join_words,
    list_rows,
    quote_models,
)

NO_TIMES = "These ratings cannot be split by time, so this comparison is left out."


def answer(board: pd.DataFrame, leads: pd.DataFrame, *, num_folds: int) -> str:
    """The short answer of the chapter.

    Args:
        board: the rating models on `official`, best first.
        leads: as `leads.compare_leads` gives them; empty where times cannot split the ratings.
        num_folds: of protocol `official`.
    """
    best, behind = board.iloc[0], board.iloc[1:]
    text = (
        f"**In short.** On rows drawn at random `{best['name']}` has the lowest test RMSE of this "
        f"chapter, {give_estimate(best, unit=' stars')}, {give_scope(num_folds, 'fold')}"
    )
    if near := quote_models(behind.loc[~behind["clear"].astype(bool), "name"]):
        text += f", statistically indistinguishable from {join_words(near)}"
    if leads.empty:
        return f"{text}. {NO_TIMES}"
    first = list_rows(leads)[0]
    return (
        f"{text}. But drawn rows let a model see what the user rated afterwards. Tested on the "
        f"last ratings of all, `{first.name}` {_tell_kept(first)} of its lead over biases."
    )


def describe_leads(leads: pd.DataFrame, tau: float) -> str:
    """What is left of each lead by time, and which model one would put into service.

    Args:
        leads: as `leads.compare_leads` gives them.
        tau: Kendall's tau of both orders.
    """
    if leads.empty:
        return NO_TIMES
    best = leads.sort_values("later", ascending=False).iloc[0]
    parts = [f"`{row.name}` {_tell_kept(row)}" for row in list_rows(leads)]
    text = (
        f"Of the leads over `baseline.biases` on drawn rows, {join_words(parts)} where all test "
        f"rows come later; Kendall's tau of both orders, biases among them, is {tau:.2f}. "
    )
    if best["later_low"] > 0:
        return text + (
            f"In service, where the future is not known, `{best['name']}` predicts best: its error "
            f"lies {best['later']:.4f} stars below that of biases (95% interval "
            f"{best['later_low']:.4f} to {best['later_high']:.4f})."
        )
    return text + (
        "In service, where the future is not known, none of them is clearly better than biases, "
        "which cost least."
    )


def _tell_kept(row: Any) -> str:
    """What is left of a lead, such as "keeps 40%"."""
    if row.lead_low <= 0:
        return "keeps nothing, having none that is clear,"
    return f"keeps {row.kept:.0%}" if row.later > 0 else "keeps nothing"


def describe_blend(gain: pd.DataFrame, *, num_folds: int) -> str:
    """What several networks and the Bayesian model bring beyond one network.

    Args:
        gain: a row of `compare.compare_models`; none where the blend was not trained.
        num_folds: that the blend was trained on.
    """
    if gain.empty:
        return "The blend was not trained here."
    row = list_rows(gain)[0]
    verb = "falls" if row.value > 0 else "rises"
    return (
        f"Averaged over several networks and blended with `bayes.timesvd`, the error {verb} by "
        f"{give_size(row)}, {give_scope(num_folds, 'fold')}. Validation rows of the same "
        "fold choose the weight."
    )


def describe_new(table: pd.DataFrame) -> str:
    """How many of the later rows have a new user or movie, from `leads.measure_new`."""
    row = list_rows(table)[0]
    return (
        f"Of the later rows, {row.known_rows:,} have a user and a movie with known ratings, "
        f"{row.new_user_rows:,} a user without any, and {row.new_movie_rows:,} such a movie."
    )
