"""The computed sentences of the page of results."""

import pandas as pd

from reelbook.report import advice
from reelbook.report.sentences.phrases import count


def describe_agreement(agreement: pd.DataFrame, flips: pd.DataFrame) -> str:
    """Which two protocols agree least on the order of models, and how many conclusions flip.

    Args:
        agreement: as `leaderboards.correlate_boards` gives it; not empty.
        flips: as `leaderboards.list_flips` gives them.
    """
    if not len(flips):
        told = "No conclusion flips: where the order differs, at least one protocol is undecided."
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
        f"By at least {advice.SMALL} stars, and clearly above zero: "
        f"{advice.describe_parts(parts, matters=True)}. "
        f"Not so: {advice.describe_parts(parts, matters=False)}."
    )


def describe_choices(choices: pd.DataFrame) -> str:
    """What picking the epoch on test rows is worth.

    Args:
        choices: as `compare.compare_epochs` gives them.
    """
    if choices.empty:
        return "No model of this plan reports the error at its best test epoch."
    gain = choices["chosen epoch"] - choices["best test epoch"]
    return f"It makes the models look better by {gain.min():.4f} to {gain.max():.4f} stars."


def describe_verdicts(verdicts: pd.DataFrame) -> str:
    """How many claims came to which verdict, of `claims.judge_claims`."""
    counts = verdicts["verdict"].value_counts()
    found = [f"{number} {verdict}" for verdict, number in counts.items()]
    return f"Of {count(len(verdicts), 'claim')}: {', '.join(found)}."
