"""The computed sentences of the chapter on what document A would try next."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from reelbook.report.sentences.phrases import give_bounds, join_words


def list_glued(rmse: pd.DataFrame, ndcg: pd.DataFrame, cold: pd.DataFrame) -> dict[str, str]:
    """Each figure of the text and its interval, by the name under which they are glued.

    Args:
        rmse: name, value, low and high of the rating models.
        ndcg: the same of the ranking models on `stratified`.
        cold: the same of those on `cold-movies`.
    """
    texts: dict[str, str] = {}
    for name, table, model in [
        ("autorec", rmse, "autoencoder.autorec"),
        ("biases", rmse, "baseline.biases"),
        ("multvae", ndcg, "autoencoder.multvae"),
        ("ease", ndcg, "topn.ease"),
        ("skipgram", ndcg, "item2vec.skipgram"),
        ("cbow", ndcg, "item2vec.cbow"),
        ("cold", cold, "content.ridge"),
        ("cold_popularity", cold, "content.popularity"),
    ]:
        row = table.set_index("name").loc[model]
        texts |= {name: f"{row['value']:.3f}", f"{name}_interval": give_bounds(row)}
    return texts


def describe_autorec(gain: Any) -> str:
    """What the autoencoder brings beyond biases.

    Args:
        gain: value, low and high in stars, positive where the error falls.
    """
    return (
        f"Beyond the biases, which it is given, the autoencoder brings **{gain['value']:+.4f}** "
        f"stars ({gain['low']:+.4f} to {gain['high']:+.4f}), a positive number being a fall of "
        "the error. All rating models stand on one board in the results."
    )


def describe_rest(histories: Sequence[pd.DataFrame], chosen: Sequence[int]) -> str:
    """Whether the variational autoencoder comes to rest on `stratified`.

    Args:
        histories: of its runs, a row an epoch, with validation_ndcg@10.
        chosen: the best epoch of each.
    """
    curves = [history["validation_ndcg@10"] for history in histories]
    falls = [curve.max() - curve.tail(max(len(curve) // 10, 1)).mean() for curve in curves]
    epochs, were = ("epoch", "was") if len(chosen) == 1 else ("epochs", "were")
    numbers = join_words([str(epoch) for epoch in chosen])
    return (
        f"On `stratified`, {epochs} {numbers} of {len(curves[0])} {were} chosen; the last tenth of "
        f"the epochs lies on average {sum(falls) / len(falls):.4f} below the best one."
    )


def describe_analogies(solved: pd.DataFrame) -> str:
    """How many analogies the vectors solve.

    Args:
        solved: as `movie_space.solve_analogies` gives them.
    """
    if solved.empty:
        return "Word vectors are known for analogies, but none was asked of these movies."
    right = (solved["rank"] == 1).sum()
    better = (solved["rank"] < solved["rank_by_third"]).sum()
    return (
        "Word vectors are known for analogies: first is to second as third is to what? Of "
        f"{len(solved)} questions that a film-goer would answer at once, **{right}** "
        f"{'has' if right == 1 else 'have'} the expected answer in the first place, and in "
        f"{better} the expected movie ranks higher than among the plain neighbours of the third "
        "one. Where it does not, the analogy adds nothing."
    )


def describe_cosine(by_cosine: float, with_popularity: float) -> str:
    """What lists by cosine alone lack, as nDCG@10."""
    return (
        "Close in this space does not mean likely. Negatives are drawn by popularity, which takes "
        f"popularity out of the vectors: ranked by cosine alone the nDCG@10 is {by_cosine:.3f} on "
        f"the first split, with the logarithm of popularity added {with_popularity:.3f}. How much "
        "the cosine counts was chosen on validation rows."
    )


def describe_cold(gap: Any) -> str:
    """Whether a personal taste beats popularity among movies that nobody has rated.

    Args:
        gap: value, low, high and clear of content.ridge beyond content.popularity, as nDCG@10.
    """
    interval = f"{gap['low']:+.3f} to {gap['high']:+.3f}"
    if not gap["clear"]:
        return (
            "A personal taste for contents is indistinguishable from the popularity that contents "
            f"promise ({interval})."
        )
    side = "ahead of" if gap["value"] > 0 else "behind"
    return (
        f"A personal taste for contents is {side} the popularity that contents promise by "
        f"**{abs(gap['value']):.3f}** in nDCG@10 (difference {interval}), for the same users."
    )
