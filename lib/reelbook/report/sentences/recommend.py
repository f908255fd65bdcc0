"""The computed sentences of the chapter that recommends to people."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from reelbook.report.sentences.phrases import give_bounds

NAMED = 5  # movies that the text names


def list_glued(
    stars: Any, sure: pd.DataFrame, kept: Mapping[str, float], *, model: str, promised: float
) -> dict[str, str]:
    """The figures of the text, by the name under which they are glued.

    Args:
        stars: value, low and high of the test RMSE.
        sure: as `learning.measure_sureness` gives it.
        kept: as `page.measure_kept` gives it.
        model: that orders the lists.
        promised: share of ratings that a range should hold.
    """
    inside = (sure["inside"] * sure["rows"]).sum() / sure["rows"].sum()
    return {
        "model": model,
        "taste": f"{stars['value']:.3f}",
        "taste_interval": give_bounds(stars),
        "inside": f"{inside:.0%}",
        "promised": f"{promised:.0%}",
        "ndcg_all": f"{kept['all']:.3f}",
        "ndcg_kept": f"{kept['kept']:.3f}",
    }


def describe_user(user_id: int, rated: Sequence[str]) -> str:
    """How many movies a user has rated, and which ones with most stars.

    Args:
        user_id: of the user.
        rated: names of the rated movies, the best first.
    """
    return (
        f"User {user_id} has rated {len(rated)} movies. Among those with most stars: "
        f"{', '.join(list(dict.fromkeys(rated))[:NAMED])}."
    )
