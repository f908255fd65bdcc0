"""The computed sentences of the page of results."""

import pandas as pd

from reelbook.data.names import count
from reelbook.report import advice, claims
from reelbook.report.sentences.phrases import (
    give_estimate,
    give_range,
    give_scope,
    join_words,
)
from reelbook.report.tables import DOCUMENT_MODELS


def answer(
    dataset: str, board: pd.DataFrame, boards: dict[str, pd.DataFrame], *, num_folds: int
) -> str:
    """The short answer of the page.

    Args:
        dataset: name of the data set.
        board: the rating models, as `leaderboards.make_rating_board` gives them, best first.
        boards: protocol to its ranking models, as `leaderboards.make_ranking_board` gives them.
        num_folds: of protocol `official`.
    """
    best = board.iloc[0]
    document = board.loc[board["name"].isin(DOCUMENT_MODELS), "value"]
    told = (
        f" The models built as the documents describe them have {give_range(document, digits=3)} "
        "on the same rows."
        if len(document)
        else ""
    )
    return (
        f"**In short.** Of all rating models on `{dataset}`, `{best['name']}` has the lowest "
        f"error: an RMSE of {give_estimate(best, unit=' stars')} on `official`, "
        f"{give_scope(num_folds, 'fold')}.{told} {advice.describe_ranking_choice(boards)}"
    )


def describe_agreement(agreement: pd.DataFrame, flips: pd.DataFrame) -> str:
    """Which two protocols agree least on the order of models, and how many conclusions flip.

    Args:
        agreement: as `leaderboards.correlate_boards` gives it.
        flips: as `leaderboards.list_flips` gives them.
    """
    if agreement.empty:
        return "Lists were measured by fewer than two protocols, so there is nothing to compare."
    if not len(flips):
        told = "No conclusion flips: no two protocols clearly contradict each other."
    else:
        told = f"{count(len(flips), 'conclusion')} {'flips' if len(flips) == 1 else 'flip'}."
    known = agreement.dropna(subset="tau")  # one model has no order
    if known.empty:
        return told
    lowest = known.sort_values("tau", kind="stable").iloc[0]
    return (
        f"The orders of {lowest['first']} and {lowest['second']} agree least, with a tau of "
        f"{lowest['tau']:.2f} over {lowest['models']} models. {told}"
    )


def describe_what_matters(parts: pd.DataFrame) -> str:
    """What mattered and what did not, of `advice.measure_parts`."""
    return (
        f"**What mattered** (the error falls by at least {advice.SMALL} stars, with an interval "
        f"above zero): {advice.describe_parts(parts, matters=True)}.\n\n"
        f"**What did not:** {advice.describe_parts(parts, matters=False)}."
    )


def describe_choices(choices: pd.DataFrame) -> str:
    """By how much choosing the epoch on test rows flatters.

    Args:
        choices: as `compare.compare_epochs` gives them.
    """
    if choices.empty:
        return "No model of this plan has an error at its best test epoch."
    gain = choices["chosen epoch"] - choices["best test epoch"]
    return (
        f"Choosing the epoch on test rows makes the models look better by {give_range(gain)} stars."
    )


def describe_verdicts(verdicts: pd.DataFrame) -> str:
    """How many claims came to which verdict, of `claims.judge_claims`."""
    counts = verdicts["verdict"].value_counts()
    found = [claims.count_verdict(number, str(verdict)) for verdict, number in counts.items()]
    return f"**{count(len(verdicts), 'claim')}** of the documents: {join_words(found)}."
