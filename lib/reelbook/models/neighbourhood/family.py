"""The models of the family neighbourhood: see `features`, `process` and `network` for equations.

    neighbourhood.process   the mean and two Gaussian processes (`process`), cut to the range
    neighbourhood.network   one network on the features (`network`)
    neighbourhood.lean      the same without factors, processes and the likeness of users
    neighbourhood.before    lean, on what the user rated before the rating
    neighbourhood.apart     lean, without what the user rated within an hour of it
    neighbourhood.blend     (1 - share) mean of `members` networks + share bayes.timesvd

Validation rows choose the share. No weights are kept: to describe the rows that a network learned
from, which its scales come from, takes as long as to train it.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.models.bayes import learn_draws
from reelbook.models.fit import Fit
from reelbook.models.fitting.epochs import (
    Network,
    Rows,
    fit_stars,
    learn_network,
    make_star_network,
)
from reelbook.models.fitting.grid import RMSE, Learned, choose_and_refit
from reelbook.models.mf import find_known, make_rows
from reelbook.models.neighbourhood import network as networks
from reelbook.models.neighbourhood.features import cross_describe, describe, find_unit
from reelbook.models.neighbourhood.likeness import describe_contents
from reelbook.models.registry import Family
from reelbook.splits.split import Split

NETWORK: dict[str, Any] = {
    "hidden_units": 128,
    "dropout": 0.3,
    "l2_weights": 1e-4,
    "sees": "all",  # which of the user's other ratings a row may see, of `features.SEES`
    "lean": False,  # without factors, processes and likeness of users
    "factors": 20,
    "l2": 0.3,  # on factors, per rating
    "l2_implicit": 0.2,
    "leave_out": True,  # as in mf.implicit
    "optimizer": "adam",
    "learning_rate": 0.002,
    "decay_from": 0.2,
    "batch_size": 1024,
    "epochs": 6,
    "patience": 2,
}
LEAN = NETWORK | {"lean": True}
MODELS: dict[str, dict[str, Any]] = {
    "neighbourhood.process": {},
    "neighbourhood.network": NETWORK,
    "neighbourhood.lean": LEAN,
    "neighbourhood.before": LEAN | {"sees": "before"},
    "neighbourhood.apart": LEAN | {"sees": "apart"},
    "neighbourhood.blend": NETWORK
    | {
        "members": 3,
        "draws": 256,  # and rank: as of bayes.timesvd
        "rank": 10,
        "share": 0.2,
        "grid": {"share": [0.0, 0.1, 0.2, 0.3]},
    },
}
QUICK = 200_000  # ratings that neighbourhood.process learns from in about a second
FAMILY = Family(
    chapter="09_neighbourhood",
    predicts="stars",
    words={
        "neighbourhood.process": "two Gaussian processes, over a user's and a movie's ratings",
        "neighbourhood.network": "a network on the ratings around a rating",
        "neighbourhood.lean": "the network on averages of neighbours alone",
        "neighbourhood.before": "the lean network on what the user rated before",
        "neighbourhood.apart": "the lean network without the hour around the rating",
        "neighbourhood.blend": "several of these networks and bayes.timesvd",
    },
    source="ours",
    needs=("times", "titles", "genres", "people"),
    requires=("stars", "times"),
    deep={name: name != "neighbourhood.process" for name in MODELS},
    unseen="the mean and what is known of the other one",
    grows=("users x movies", "movies x movies", "users x users"),
    defaults={"grid": {}},
)

# From ratings to learn from, and rows (None: those ratings themselves), to a network's inputs.
Encode = Callable[[pd.DataFrame, pd.DataFrame | None], Rows]


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `fit_stars` and `choose_and_refit` say how."""
    if model_name == "neighbourhood.process":
        learn = functools.partial(learn_processes, dataset)
        quick = len(split.known) <= QUICK
        return choose_and_refit(learn, params, dataset, split, by=RMSE, quick=quick)
    build = functools.partial(make_network, make_encoder(dataset, params["sees"], params["lean"]))
    if model_name != "neighbourhood.blend":
        found = fit_stars(build, params, dataset, split, seed=seed)
        return dataclasses.replace(found, model=None)
    members: dict[int, list[Learned]] = {}  # by the number of ratings, for all settings
    epochs: list[int | None] = [None] * params["members"]

    def learn_blend(params: dict[str, Any], ratings: pd.DataFrame) -> Learned:
        if len(ratings) not in members:
            members.clear()  # of the training rows alone, and done with
            members[len(ratings)] = learned = [
                learn_network(build, params, dataset, split, ratings, seed=s, by=RMSE, epoch=epoch)
                for s, epoch in enumerate(epochs, seed * params["members"])
            ]
            epochs[:] = [member.training.kept_epoch for member in learned if member.training]
            learned.append(learn_draws("bayes.timesvd", params, dataset, ratings, seed))
        return blend(members[len(ratings)], params["share"])

    return choose_and_refit(learn_blend, params, dataset, split, by=RMSE)


def learn_processes(dataset: Dataset, params: dict[str, Any], ratings: pd.DataFrame) -> Learned:
    """The Gaussian processes, conditioned on these ratings."""
    contents = describe_contents(dataset)
    stars = ratings["rating"].to_numpy("float64")

    def predict(rows: pd.DataFrame) -> np.ndarray:
        found = describe(dataset, contents, ratings, rows)["process"].to_numpy("float64")
        return (stars.mean() + find_unit(ratings) * found).clip(stars.min(), stars.max())

    return Learned(len(ratings), predict=predict)


def blend(members: list[Learned], share: float) -> Learned:
    """The mean of all members but the last, which has this share."""

    def predict(rows: pd.DataFrame) -> np.ndarray:
        *networks, last = [member.predict(rows) for member in members if member.predict]
        return (1 - share) * np.mean(networks, axis=0) + share * last

    return Learned(sum(member.num_parameters for member in members), predict=predict)


def make_encoder(dataset: Dataset, sees: str, lean: bool) -> Encode:
    """Encodes rows by their neighbours; what was encoded once is kept."""
    options: dict[str, Any] = {"sees": sees, "lean": lean}
    contents = describe_contents(dataset)
    kept: dict[tuple[int, int], Rows] = {}

    def encode(ratings: pd.DataFrame, rows: pd.DataFrame | None) -> Rows:
        key = len(ratings), hash(None if rows is None else tuple(rows.index))
        if key not in kept:
            if rows is None:
                kept.clear()  # of other ratings, and done with
                found = cross_describe(dataset, contents, ratings, seed=0, **options)
            else:
                found = describe(dataset, contents, ratings, rows, **options)
            codes = make_rows(ratings if rows is None else rows, find_known(ratings))
            base = ratings["rating"].mean() + find_unit(ratings) * found.pop("base")
            told = {"features": found.to_numpy(), "base": base.to_numpy("float32")[:, None]}
            kept[key] = Rows(codes.inputs | told, codes.targets)
        return kept[key]

    return encode


def make_network(encode: Encode, params: dict[str, Any], ratings: pd.DataFrame) -> Network:
    """The untrained network of these ratings, and what trains it."""
    rows = encode(ratings, None)
    model = networks.build(params, rows)
    network = make_star_network(model, rows, functools.partial(encode, ratings), clipped=True)
    return network._replace(compute_loss=networks.make_loss(model, np.unique(rows.targets)))
