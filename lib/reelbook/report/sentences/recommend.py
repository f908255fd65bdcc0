"""The computed sentences of the chapter that recommends to people."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from reelbook.data.names import count
from reelbook.report.sentences.phrases import give_estimate, give_scope, join_words

NAMED = 5  # movies that the text names


def answer(
    stars: Any,
    sure: pd.DataFrame,
    kept: Mapping[str, float],
    *,
    model: str,
    promised: float,
    taste_weight: float,
    num_folds: int,
    fold: int,
) -> str:
    """The short answer of the chapter.

    Args:
        stars: value, low and high of the test RMSE.
        sure: as `learning.measure_sureness` gives it.
        kept: as `page.measure_kept` gives it.
        model: that finds the candidates.
        promised: share of ratings that a range should hold.
        taste_weight: how much stars count in the order, from 0 to 1.
        num_folds: that `stars` is the mean over.
        fold: that `sure` was measured on.
    """
    inside = (sure["inside"] * sure["rows"]).sum() / sure["rows"].sum()
    return (
        f"**In short.** Weights between movies (`{model}`, nDCG@10 {kept['all']:.3f} on one split "
        "of `stratified`) find the candidates of a list: each rated movie adds a weight to the "
        "score, and the largest weights are the reasons. Stars come from one Gaussian over all "
        f"movies, with a test RMSE of {give_estimate(stars)}, {give_scope(num_folds, 'fold')}. "
        + f"Score and stars together order the list; stars count for {taste_weight:.0%}. "
        * (taste_weight > 0)
        + f"The model also gives a range that should hold {promised:.0%} of the ratings; on fold "
        f"{fold} it holds {inside:.0%}."
    )


def describe_kept(kept: Mapping[str, float]) -> str:
    """What it costs that the page has only the largest weights; see `answer`."""
    return (
        "To fit into a page, the model leaves out most weights between movies. On one split of "
        f"`stratified` its nDCG@10 is {kept['kept']:.3f}, and {kept['all']:.3f} with all weights."
    )


def describe_user(user_id: int, rated: Sequence[str]) -> str:
    """How many movies a user has rated, and which ones with most stars.

    Args:
        user_id: of the user.
        rated: names of the rated movies, the best first.
    """
    return (
        f"User {user_id} has rated {count(len(rated), 'movie')}, and gave most stars to "
        f"{join_words(list(dict.fromkeys(rated))[:NAMED])}."
    )


def list_commands(dataset: str, *, liked: Sequence[str]) -> str:
    """The commands that give such lists outside the notebook, on the same data.

    Args:
        dataset: its name; a path would tell of the machine.
        liked: titles.
    """
    of = "" if dataset == "ml-100k" else f" --dataset {shlex.quote(dataset)}"
    likes = " ".join(f"--like {shlex.quote(title)}" for title in liked)
    lines = [
        f"recommend{of} --user ID",
        f"recommend{of} {likes} --output lists.csv",
        f"recommend{of} --ratings letterboxd.csv",
        f"export{of}",
    ]
    told = "\n".join(f"python -m reelbook {line}" for line in lines)
    return f"On the command line, and for other programs:\n\n```\n{told}\n```"
