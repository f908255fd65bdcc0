"""The computed sentences of the chapter on the two-tower models."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from reelbook.data.names import count
from reelbook.report.sentences.phrases import (
    give_estimate,
    give_range,
    give_scope,
    join_words,
)

# The points at the ends of the sweep over the weight of the retrieval task.
ALONE = {"ratings": "0", "retrieval": "only retrieval"}
NEAR = 0.05  # of a share: so close, the document's figure counts as reached


def answer(
    best: Any,
    published: pd.DataFrame,
    *,
    claimed: float,
    highest: float,
    by_id: float,
    num_seeds: int,
) -> str:
    """The short answer of the chapter.

    Args:
        best: value, low and high of two_tower.best on `stratified`, as nDCG@10.
        published: as `documents.read_published` gives them.
        claimed: the document's top-10 accuracy.
        highest: the one that its metric gave in our best epoch.
        by_id: the one by movie id.
        num_seeds: of the trainings and of the splits of `stratified`.
    """
    reached = (
        "can be obtained, but only as an artefact"
        if highest > claimed - NEAR
        else "is not reached on these data, not even with its own faults"
    )
    return (
        f"**In short.** The document's top-10 accuracy of {claimed:.1%} {reached}: with its "
        f"spelling of titles and its metric, the model scores {highest:.1%} in its best epoch (one "
        "seed). With one spelling, and counting by movie id, the same model finds the right movie "
        f"in {by_id:.1%} of the cases ({give_scope(num_seeds, 'seed')}). Our `two_tower.best` "
        "describes users by what they rated and learns with a softmax over the whole catalogue; on "
        f"`stratified` its nDCG@10 is {give_estimate(best)}, {give_scope(num_seeds, 'split')}. "
        f"{describe_standing(published, best['value'])}"
    )


def describe_standing(published: pd.DataFrame, ndcg: float) -> str:
    """How many of the published nDCG@10 a model exceeds, and which figures these are."""
    if published.empty:
        return "Nothing comparable is published for these data."
    below = int((published["ndcg@10"] < ndcg).sum())
    figures = count(len(published), "published figure")
    which = published["source"].iloc[0].removeprefix("published").removeprefix(", ")
    told = f" ({which})" if which else ""
    return f"That exceeds {below} of the {figures} for these data{told}."


def describe_stars(
    rmse: pd.Series, *, of_mean: float, of_user_mean: float, top_spread: float
) -> str:
    """What the models that learn stars come to, beside two means.

    Args:
        rmse: of the models that learn stars.
        of_mean: RMSE of the mean of all ratings.
        of_user_mean: RMSE of each user's mean.
        top_spread: the most by which two seeds of one model differ in top-100; 0 for one seed.
    """
    text = (
        f"On these rows the mean of all ratings has an RMSE of {of_mean:.3f} and each user's own "
        f"mean {of_user_mean:.3f}"
    )
    if len(rmse):
        beaten = "The best of them beats" if rmse.min() < of_user_mean else "None of them beats"
        learned = give_range(rmse, digits=3)
        text += f"; the models that learn stars have {learned}. {beaten} the user's mean"
    if top_spread:
        text += f". Two seeds of one model differ by at most {top_spread:.3f} in top-100"
    return (
        f"{text}. `two_tower.best` predicts no stars. It learns to find movies that a user has not "
        "seen, so lists that keep seen movies understate it."
    )


def describe_artefact(by_score: pd.Series, *, model: str, by_id: float, num_movies: int) -> str:
    """How far the document's figure depends on when one stops, beside the one by movie id.

    Args:
        by_score: top-10 accuracy by score after each epoch, with the document's spelling.
        model: the document's best.
        by_id: its top-10 accuracy by movie id.
        num_movies: of the catalogue.
    """
    return (
        f"With the document's spelling the top-10 of `{model}` by score lies between "
        f"**{by_score.min():.3f}** and **{by_score.max():.3f}**, depending on the last epoch. By "
        f"movie id it is {by_id:.3f}; a random list has {10 / num_movies:.3f}."
    )


def describe_weights(*, batch: int, of_mean: float) -> str:
    """What a weight of the retrieval task means, which depends on the size of a batch.

    Args:
        batch: ratings in a step.
        of_mean: RMSE of the mean of all ratings.
    """
    uniform = batch * math.log(batch)
    return (
        "The retrieval loss is summed over the ratings of a batch, while the loss of the stars is "
        f"their mean. With equal weights and {count(batch, 'rating')} in a batch, the retrieval "
        f"loss of one rating counts {batch:,} times as much as its squared error; in a batch of "
        "half the size it counts half as much. If all scores are equal, the retrieval loss is "
        f"{uniform:,.0f}; if all predictions are the mean, the loss of the stars is "
        f"{of_mean**2:.2f}. A weight of 1/{uniform / of_mean**2:,.0f} would make the two equal."
    )


def describe_trade(trade: pd.DataFrame, *, on_training: float, spreads: Mapping[str, float]) -> str:
    """Whether a joint model beats the specialised ones.

    Args:
        trade: as `inside.two_tower.list_trade` gives it; the labels are the weights of the
            retrieval task, and those of ALONE.
        on_training: top-100 of the joint model with equal weights on its training ratings.
        spreads: the most by which two of its seeds differ, in `rmse` and `top@100`.
    """
    at = trade.set_index("label")
    equal, ratings, retrieval = at.loc["1"], at.loc[ALONE["ratings"]], at.loc[ALONE["retrieval"]]
    top_gap, rmse_gap = equal["top"] - retrieval["top"], equal["rmse"] - ratings["rmse"]
    joint = at.drop([*ALONE.values()])
    top, rmse = joint["top"].max(), joint["rmse"].min()
    at_top, at_rmse = (
        joint.index[joint[name] == best].tolist() for name, best in (("top", top), ("rmse", rmse))
    )
    ahead = joint.index[(joint["top"] > retrieval["top"]) & (joint["rmse"] < ratings["rmse"])]
    verdict = (
        f"With a weight of {' or '.join(ahead)} the joint model beats both specialised models, "
        "each in its own task."
        if len(ahead)
        else "None of these joint models beats both specialised models."
    )
    seeds = (
        f" Two seeds of one joint model differ by up to {spreads['rmse']:.3f} stars and "
        f"{spreads['top@100']:.3f} in top-100, so smaller differences may be chance."
    )
    return (
        f"At equal weights the joint model's top-100 lies {abs(top_gap):.3f} "
        f"{'above' if top_gap > 0 else 'below'} that of retrieval alone, and its RMSE "
        f"{abs(rmse_gap):.3f} stars {'above' if rmse_gap > 0 else 'below'} that of ratings alone. "
        f"Its top-100 is {on_training:.3f} on its training ratings and {equal['top']:.3f} on test "
        f"ratings. Of the weights tried, {_name_all(at_top)} the highest top-100 ({top:.3f}) and "
        f"{_name_all(at_rmse)} the lowest RMSE ({rmse:.3f}). {verdict}"
        f"{seeds if any(spreads.values()) else ''} Each point is one seed on test rows: the figure "
        "compares weights and chooses none."
    )


def describe_new_users(new: int, tested: int) -> str:
    """How many of the users tested under `global-time` are new."""
    have = "has" if new == 1 else "have"
    return (
        f"Of the {count(tested, 'user')} tested under `global-time`, {new:,} {have} no earlier "
        "rating (cold start). A model can only give them its default list."
    )


def describe_genres(shared: Mapping[str, float], *, size: int) -> str:
    """How often neighbours share a genre.

    Args:
        shared: as `movie_space.measure_genres` gives it.
        size: how many of the most rated movies it looked at.
    """
    return (
        f"Of the {size} most rated movies, {shared['nearest']:.0%} share a genre with their "
        f"nearest neighbour. Of all pairs among them, {shared['any']:.0%} do."
    )


def _name_all(weights: Sequence[str]) -> str:
    """The subject and the verb of a sentence on what one or several weights have."""
    return f"{join_words(weights)} {'has' if len(weights) == 1 else 'have'}"
