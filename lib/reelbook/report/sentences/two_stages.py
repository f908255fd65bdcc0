"""The computed sentences of the chapter on two stages."""

from collections.abc import Mapping

import pandas as pd

from reelbook.metrics.metric import Metric
from reelbook.report.sentences.phrases import INDISTINGUISHABLE, give_range, give_scope


def answer(
    stages: pd.DataFrame, gains: Mapping[str, Metric], *, retriever: str, size: int, num_seeds: int
) -> str:
    """The short answer of the chapter.

    Args:
        stages: as `two_stages.list_stages` gives it.
        gains: as `two_stages.compare_orders` gives it, for this retriever and size.
        retriever: that is best on validation rows.
        size: its number of candidates.
        num_seeds: number of splits.
    """
    own = stages[stages["retriever"] == retriever].set_index("order")
    plain = own.loc["score"]
    both, stars = (own[own["candidates"] == size].loc[order] for order in ("both", "stars"))
    return (
        f"**In short.** Validation rows prefer {size} candidates of `{retriever}`, ordered by "
        "score and stars together. With liked movies as hits that order has an nDCG@10 of "
        f"**{both['liked']:.3f}** (95% interval {both['low']:.3f} to {both['high']:.3f}), "
        f"{give_scope(num_seeds, 'split')} of `stratified`: {tell_gain(gains['liked'])} than the "
        f"order by score alone. With every rating as a hit it has {both['any']:.3f} in place of "
        f"{plain['any']:.3f}, {tell_gain(gains['any'])}. Of the recommended movies that were "
        f"rated, {both['disliked']:.1%} were disliked, in place of {plain['disliked']:.1%}. The "
        f"order by stars alone has {stars['liked']:.3f} with liked movies as hits."
    )


def tell_gain(gain: Metric) -> str:
    """A difference in words: "0.0120 more (95% interval +0.0080 to +0.0160)"."""
    assert gain.low is not None
    assert gain.high is not None
    more = "more" if gain.value >= 0 else "less"
    zero = "" if gain.low > 0 or gain.high < 0 else f", {INDISTINGUISHABLE}"
    return f"{abs(gain.value):.4f} {more} (95% interval {gain.low:+.4f} to {gain.high:+.4f}{zero})"


def describe_used(
    stages: pd.DataFrame, gaps: Mapping[str, Metric], *, used: tuple[str, int]
) -> str:
    """What the lists for people are worth beside the best ones.

    Args:
        stages: as `two_stages.list_stages` gives it.
        gaps: as `two_stages.compare_used` gives it.
        used: retriever and number of candidates of the lists for people.
    """
    own = stages[(stages["retriever"] == used[0]) & (stages["order"] == "both")]
    value = own.loc[own["candidates"] == used[1], "liked"].item()
    return (
        f"The lists for people take {used[1]} candidates of `{used[0]}`, whose weights are also "
        f"the reasons that they give: {value:.3f} with liked movies as hits, "
        f"{tell_gain(gaps['liked'])} than the best."
    )


def describe_sizes(stages: pd.DataFrame, *, retriever: str) -> str:
    """What more candidates do to each order of a retriever's candidates."""
    own = stages[stages["retriever"] == retriever]
    few, many = own["candidates"].min(), own["candidates"].max()
    told = {
        order: " to ".join(
            f"{own.loc[(own['order'] == order) & (own['candidates'] == size), 'liked'].item():.3f}"
            for size in (few, many)
        )
        for order in ("both", "stars")
    }
    return (
        f"From {few} to {many} candidates of `{retriever}`, the nDCG@10 with liked movies as hits "
        f"goes from {told['both']} in the order by both, and from {told['stars']} by stars alone."
    )


def describe_weights(weights: pd.DataFrame) -> str:
    """Which weights validation rows chose.

    Args:
        weights: of `two_stages.Measured`.
    """
    return (
        "Over all retrievers, numbers of candidates and splits, validation rows give stars a "
        f"weight of {give_range(weights['weight'], digits=1)}; the median is "
        f"{weights['weight'].median():.1f}."
    )
