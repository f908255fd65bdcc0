"""The computed sentences of the chapter on what document A would try next."""

from collections.abc import Sequence

import pandas as pd

from reelbook.data.names import count
from reelbook.report.sentences.phrases import (
    INDISTINGUISHABLE,
    give_estimate,
    give_scope,
    give_size,
    join_words,
    tell_fall,
)

LEFT_OUT = "Such a model is left out here; the head of this chapter says why."


def answer(
    rmse: pd.DataFrame, ndcg: pd.DataFrame, cold: pd.DataFrame, *, num_folds: int, num_seeds: int
) -> str:
    """The short answer of the chapter.

    Args:
        rmse: name, value, low and high of the rating models.
        ndcg: the same of the ranking models on `stratified`.
        cold: the same of those on `cold-movies`; empty where it was left out.
        num_folds: of protocol `official`.
        num_seeds: of the protocols `stratified` and `cold-movies`.
    """
    stars, lists = (table.set_index("name") for table in (rmse, ndcg))
    splits, value = give_scope(num_seeds, "split"), lists["value"]
    text = "**In short.** "
    if "autoencoder.autorec" in stars.index:
        text += (
            "The autoencoder for ratings has a test RMSE of "
            f"{give_estimate(stars.loc['autoencoder.autorec'], unit=' stars')}, "
            f"{give_scope(num_folds, 'fold')}; biases alone have "
            f"{stars['value']['baseline.biases']:.3f}. "
        )
    if "autoencoder.multvae" in lists.index:
        text += (
            "The variational autoencoder for lists has an nDCG@10 of "
            f"{give_estimate(lists.loc['autoencoder.multvae'])} on `stratified`, {splits}; linear "
            f"weights between movies (`topn.ease`) have {value['topn.ease']:.3f}, item2vec "
        )
    else:
        text += (
            "Linear weights between movies (`topn.ease`) have an nDCG@10 of "
            f"{give_estimate(lists.loc['topn.ease'])} on `stratified`, {splits}; item2vec has "
        )
    text += (
        f"{value['item2vec.skipgram']:.3f} with skip-gram and "
        f"{value['item2vec.cbow']:.3f} with continuous bag of words."
    )
    if cold.empty:
        return text
    new = cold.set_index("name")
    return (
        f"{text} Among movies that nobody has rated (cold start), the "
        f"content-based model has {give_estimate(new.loc['content.ridge'])}, {splits} of "
        "`cold-movies`; the popularity predicted from contents has "
        f"{new['value']['content.popularity']:.3f}."
    )


def describe_autorec(gains: pd.DataFrame) -> str:
    """What the autoencoder brings beyond biases.

    Args:
        gains: a row with value, low, high and clear, in stars, positive where the error falls; no
            row where the autoencoder was left out.
    """
    if gains.empty:
        return LEFT_OUT
    return f"When the autoencoder is added to the biases, the error {tell_fall(gains.iloc[0])}."


def describe_rest(histories: Sequence[pd.DataFrame], chosen: Sequence[int]) -> str:
    """Whether the variational autoencoder converges on `stratified`.

    Args:
        histories: of its runs, a row an epoch, with validation_ndcg@10.
        chosen: the best epoch of each.
    """
    curves = [history["validation_ndcg@10"] for history in histories]
    falls = [curve.max() - curve.tail(max(len(curve) // 10, 1)).mean() for curve in curves]
    epochs = "epoch" if len(chosen) == 1 else "epochs"
    numbers = join_words([str(epoch) for epoch in chosen])
    return (
        f"On `stratified`, validation chose {epochs} {numbers} of {len(curves[0])}. Over the last "
        f"tenth of the epochs, nDCG@10 on validation rows is on average "
        f"{sum(falls) / len(falls):.4f} below its best."
    )


def describe_analogies(solved: pd.DataFrame) -> str:
    """How many analogies the vectors solve.

    Args:
        solved: as `movie_space.solve_analogies` gives them.
    """
    if solved.empty:
        return "Word vectors are known for analogies, but this run asks none."
    right = (solved["rank"] == 1).sum()
    better = (solved["rank"] < solved["rank_by_third"]).sum()
    return (
        "Word vectors are known for analogies: the first is to the second as the third is to what? "
        f"Of {count(len(solved), 'such question')}, **{right}** {'has' if right == 1 else 'have'} "
        f"the expected movie in first place. In {better}, the analogy ranks it higher than the "
        "plain neighbours of the third movie do; in the others the analogy adds nothing."
    )


def describe_cosine(by_cosine: float, with_popularity: float) -> str:
    """What lists by cosine alone lack, as nDCG@10."""
    return (
        "Cosine ignores popularity. Training samples negatives by popularity, which takes "
        f"popularity out of the vectors: ranked by cosine alone, the nDCG@10 on the first split of "
        f"`stratified` is {by_cosine:.3f}; with the logarithm of popularity added, it is "
        f"{with_popularity:.3f}. Validation rows chose the weight of the cosine."
    )


def describe_cold(gaps: pd.DataFrame) -> str:
    """Whether a personal taste beats popularity among movies that nobody has rated.

    Args:
        gaps: a row with value, low, high and clear of content.ridge beyond content.popularity, as
            nDCG@10; no row where models of contents were left out.
    """
    if gaps.empty:
        return LEFT_OUT
    gap = gaps.iloc[0]
    if not gap["clear"]:
        return (
            "The difference between a personal taste for contents and the popularity predicted "
            f"from contents is {INDISTINGUISHABLE}: {gap['value']:+.3f} in nDCG@10 (95% interval "
            f"{gap['low']:+.3f} to {gap['high']:+.3f})."
        )
    side = "ahead of" if gap["value"] > 0 else "behind"
    return (
        f"A personal taste for contents is {side} the popularity predicted from contents by "
        f"{give_size(gap, digits=3, unit=' in nDCG@10')}, for the same users."
    )
