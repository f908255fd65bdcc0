"""The computed sentences of the chapter on the two-tower models."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from reelbook.report.sentences.phrases import count, give_bounds, give_range, join_words

# The points at the ends of the sweep over the weight of the retrieval task.
ALONE = {"ratings": "0", "retrieval": "only retrieval"}


def list_glued(
    best: Any, published: pd.DataFrame, *, claimed: float, highest: float, by_id: float
) -> dict[str, str]:
    """The figures of the text, by the name under which they are glued.

    Args:
        best: value, low and high of two_tower.best on `stratified`, as nDCG@10.
        published: as `documents.read_published` gives them.
        claimed: the document's top-10 accuracy.
        highest: the one that its metric gave in our best epoch.
        by_id: the one by movie id.
    """
    return {
        "claimed": f"{claimed:.1%}",
        "highest": f"{highest:.1%}",
        "by_id": f"{by_id:.1%}",
        "best_ndcg": f"{best['value']:.3f}",
        "best_interval": give_bounds(best),
        "best_standing": describe_standing(published, best["value"]),
    }


def describe_standing(published: pd.DataFrame, ndcg: float) -> str:
    """How many of the published nDCG@10 a model exceeds."""
    if published.empty:
        return "Nothing comparable is published for these data."
    below = int((published["ndcg@10"] < ndcg).sum())
    figures = count(len(published), "published figure")
    return f"That is above {below} of the {figures} for these data."


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
        f"The mean of all ratings has an RMSE of {of_mean:.3f} on these rows and each user's own "
        f"mean {of_user_mean:.3f}"
    )
    if len(rmse):
        beaten = "The best of them beats" if rmse.min() < of_user_mean else "None of them beats"
        learned = give_range(rmse, digits=3)
        text += f"; the models that learn stars come to {learned}. {beaten} the user's mean"
    if top_spread:
        text += f". The seeds of one model differ by at most {top_spread:.3f} in top-100"
    return (
        f"{text}. `two_tower.best` predicts no stars, and as it is trained to find what a user has "
        "not seen, lists that keep what he or she has seen are not what it is made for."
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
        f"**{by_score.min():.3f}** and **{by_score.max():.3f}**, depending on the epoch after "
        f"which one stops; by movie id it is {by_id:.3f}, where a list drawn at random has "
        f"{10 / num_movies:.3f}."
    )


def describe_weights(*, batch: int, of_mean: float) -> str:
    """What a weight of the retrieval task means, which depends on the size of a batch.

    Args:
        batch: ratings in a step.
        of_mean: RMSE of the mean of all ratings.
    """
    uniform = batch * math.log(batch)
    return (
        "The loss of retrieval is summed over the ratings of a batch, and that of the stars is "
        f"their mean. With equal weights and {count(batch, 'rating')} in a batch, what retrieval "
        f"loses on one rating counts {batch:,} times as much as its squared error; in a batch of "
        "half the size it counts half as much. Where all scores are equal the first loss is "
        f"{uniform:,.0f}, where all predictions are the mean the second is {of_mean**2:.2f}: a "
        f"weight of {of_mean**2 / uniform:.1g} would make them equal."
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
    joint = at.drop([*ALONE.values()])
    top, rmse = joint["top"].max(), joint["rmse"].min()
    at_top, at_rmse = (
        joint.index[joint[name] == best].tolist() for name, best in (("top", top), ("rmse", rmse))
    )
    ahead = joint.index[(joint["top"] > retrieval["top"]) & (joint["rmse"] < ratings["rmse"])]
    verdict = (
        f"With a weight of {' or '.join(ahead)} the joint model is ahead of both specialised "
        "ones, each in its own task."
        if len(ahead)
        else "None of these joint models is ahead of both specialised ones."
    )
    seeds = (
        f" Seeds of one joint model differ by up to {spreads['rmse']:.3f} stars and "
        f"{spreads['top@100']:.3f} in top-100; a smaller gap says nothing."
    )
    return (
        "At equal weights the joint model's top-100 differs by "
        f"{equal['top'] - retrieval['top']:+.3f} from that of retrieval alone, and its RMSE by "
        f"{equal['rmse'] - ratings['rmse']:+.3f} stars from that of ratings alone. Its top-100 is "
        f"{on_training:.3f} on the ratings that it trained on and {equal['top']:.3f} on test "
        f"ratings. Of the weights tried, {_name_all(at_top)} the highest top-100 ({top:.3f}) and "
        f"{_name_all(at_rmse)} the lowest RMSE ({rmse:.3f}). {verdict}"
        f"{seeds if any(spreads.values()) else ''} The points are of one seed and read off test "
        "rows: they show, and choose nothing."
    )


def describe_new_users(new: int, tested: int) -> str:
    """How many of the users tested under `global-time` are new."""
    have = "has" if new == 1 else "have"
    return (
        f"Of the {count(tested, 'user')} tested under `global-time`, {new:,} {have} no earlier "
        "rating: all that a model can give them is one list for all."
    )


def describe_genres(shared: Mapping[str, float], *, size: int) -> str:
    """How often neighbours share a genre.

    Args:
        shared: as `movie_space.measure_genres` gives it.
        size: how many of the most rated movies it looked at.
    """
    return (
        f"Of the {size} most rated movies, {shared['nearest']:.0%} share a genre with their "
        f"nearest neighbour; of any two of them {shared['any']:.0%} do."
    )


def _name_all(weights: Sequence[str]) -> str:
    """The subject and the verb of a sentence on what one or several weights have."""
    return f"{join_words(weights)} {'has' if len(weights) == 1 else 'have'}"
