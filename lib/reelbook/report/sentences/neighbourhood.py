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
    tell_fall,
)
from reelbook.report.studies.neighbourhood import VIEWS

NO_TIMES = "These ratings cannot be split by time, so this comparison is left out."


def answer(board: pd.DataFrame, leads: pd.DataFrame, new: pd.DataFrame, *, num_folds: int) -> str:
    """The short answer of the chapter.

    Args:
        board: the rating models on `official`, best first.
        leads: as `leads.compare_leads` gives them; empty where times cannot split the ratings.
        new: as `leads.measure_new` gives it, empty likewise.
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
        f"last ratings of all, `{first.name}` {_tell_kept(first)} of its lead over biases. "
        f"{describe_new(new)}"
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
    return (
        "Averaged over several networks and blended with `bayes.timesvd`, the error "
        f"{tell_fall(list_rows(gain)[0])}, {give_scope(num_folds, 'fold')}. Validation rows of the "
        "same fold choose the weight."
    )


def describe_views(views: pd.DataFrame) -> str:
    """What one network owes to what it sees of the user's other ratings.

    Args:
        views: as `leads.compare_views` gives it, of `studies.neighbourhood.VIEWS`.
    """
    if len(views) < len(VIEWS):
        return "Networks that see a part of the user's ratings were not trained here."
    everything, before, apart = list_rows(views)
    return (
        f"On the averages of neighbours alone, the network's lead over biases is "
        f"{give_size(everything)}. Of it, "
        f"{_tell_share(before, everything)} where a row sees only what the user rated before it, "
        f"and {_tell_share(apart, everything)} where it sees nothing within an hour of it. Biases "
        "themselves see all other ratings in each case."
    )


def _tell_share(part: Any, whole: Any) -> str:
    if part.value <= 0:
        return "nothing is left"
    return f"{part.value / whole.value:.0%} is left"


def describe_new(table: pd.DataFrame) -> str:
    """How many of the later rows have a new user, and who predicts the others best.

    Args:
        table: as `leads.measure_new` gives it, with baseline.biases among the models.
    """
    row = list_rows(table)[0]
    rows = row.known_rows + row.new_user_rows
    text = f"{row.new_user_rows / rows:.0%} of these ratings are by users without a known rating"
    if not row.known_rows:
        return f"{text}."
    biases = table.loc[table["name"] == "baseline.biases", "known"].item()
    best = table.sort_values("known").iloc[0]
    if best["name"] == "baseline.biases":
        return f"{text}; where user and movie are known, biases lead with an error of {biases:.3f}."
    return (
        f"{text}; where user and movie are known, `{best['name']}` has the lowest error, "
        f"{best['known']:.3f} beside {biases:.3f} of biases."
    )
