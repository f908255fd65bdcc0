"""Two towers: one turns a user into a vector, the other a movie, and their product is the score.

two_tower.rating, .retrieval and .joint are document B's baseline (section 6c.5, after TFRS'
tutorial on multi-task recommenders), two_tower.tuned_joint is its tuned model (6c.6). They minimise

    rating_weight mean_i (r_i - stars_i)^2 + retrieval_weight (loss of `towers`)

by Adagrad, in batches of 8,192, for a fixed number of epochs; nothing is chosen, so they train on
training and validation rows. Where the document is silent the tutorial counts: learning rate 0.1,
1,000 time buckets. The document's dropout never acted, because `call` was not told that it trained;
here it acts, in the rating head. Words of a title are averaged over all of its words.

two_tower.best is ours: `reelbook.models.two_tower.best`.

The models whose name ends in _mismatched are trained on the spelling of titles that the document
had, to show what came of it: `reelbook.models.two_tower.features`. No other model can be: training
stops where movies and candidates do not share a vocabulary (`check_vocabulary`).
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from reelbook.data.tables import Dataset
from reelbook.metrics import ranking
from reelbook.metrics.catalogue import HIT_RATES, Score, estimate_top_accuracy
from reelbook.metrics.metric import Metric
from reelbook.models.features.ids import encode_values
from reelbook.models.fit import Fit
from reelbook.models.fitting.epochs import Network, restore_network
from reelbook.models.fitting.grid import Learned
from reelbook.models.fitting.loop import Loss, pick_options, set_seed, train
from reelbook.models.registry import Family
from reelbook.models.two_tower import best as best_tower
from reelbook.models.two_tower.features import Features, make_features, make_queries
from reelbook.models.two_tower.towers import (
    Arrays,
    Towers,
    build_towers,
    compute_batch_softmax,
    embed,
)
from reelbook.splits.split import Split

JOINT: dict[str, Any] = {
    "dim": 32,
    "tower_units": [],
    "head_units": [256, 128],
    "dropout": 0.0,
    "side_features": False,
    "rating_weight": 1.0,
    "retrieval_weight": 1.0,
    "optimizer": "adagrad",
    "learning_rate": 0.1,
    "batch_size": 8192,
    "epochs": 8,
    "spelling": "shared",
    "measure_epochs": False,  # whether figures on test rows go into the history, as in TFRS
}
TUNED: dict[str, Any] = {
    "tower_units": [64, 32, 32, 32, 32],
    "head_units": [256, 128, 64, 64, 32, 32],
    "dropout": 0.2,
    "side_features": True,
    "epochs": 16,
}
DOCUMENT_MODELS: dict[str, dict[str, Any]] = {
    "two_tower.rating": JOINT | {"retrieval_weight": 0.0},
    "two_tower.retrieval": JOINT | {"rating_weight": 0.0},
    "two_tower.joint": JOINT,
    "two_tower.tuned_joint": JOINT | TUNED,
}
MODELS: dict[str, dict[str, Any]] = {
    **DOCUMENT_MODELS,
    **{
        f"{name}_mismatched": params | {"spelling": "mismatched"}
        for name, params in DOCUMENT_MODELS.items()
    },
    "two_tower.best": best_tower.BEST,
}
FAMILY = Family(
    chapter="05_two_tower",
    predicts={name: "both" for name in MODELS} | {"two_tower.best": "lists"},
    words={
        "two_tower.rating": "two towers that learn stars",
        "two_tower.retrieval": "two towers that learn who rated what",
        "two_tower.joint": "two towers that learn both",
        "two_tower.tuned_joint": "two deep towers with side features that learn both",
        **{f"{name}_mismatched": f"{name} with titles misspelt" for name in DOCUMENT_MODELS},
        "two_tower.best": "two towers, a user described by what he or she rated",
    },
    source={name: "document B" for name in MODELS}
    | {"two_tower.best": "ours, after Liang et al. 2018"},
    needs={name: () for name in MODELS}
    | {name: ("times", "titles", "people") for name in MODELS if "tuned" in name}
    | {"two_tower.best": ("genres",)},
    deep=True,
    unseen="a vector as it was before training, and the other features",
)


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family.

    Under `source` the figures are the document's: top@k, the share of test ratings whose movie is
    among the k best of the catalogue, seen movies included, by id and with ties against the model;
    and tfrs_top@k, the same by TFRS' score-based rule. Under any other protocol the whole catalogue
    is ranked for each user.
    """
    if model_name == "two_tower.best":
        return best_tower.fit(model_name, params, dataset, split, seed)
    set_seed(seed)
    known, test = _list_known(dataset, split), dataset.ratings.iloc[split.test]
    features = make_features(dataset, params["spelling"])
    towers = build(model_name, params, features)
    network = make_network(towers, features, dataset, params, known)
    tested = make_rows(dataset, features, test, known, towers.query.input_names)
    learned = train(
        network.model,
        network.rows,
        network.compute_loss,
        **pick_options(params),
        seed=seed,
        report=(lambda loss: {"loss": loss, **_measure(towers, features, tested, "test_")})
        if params["measure_epochs"]
        else None,
    )
    columns = ["user_id", "movie_id", "rating"]
    stars = predict_stars(towers, features, tested)
    by_document = split.rules.reports_test_epochs
    parts = {"train": network.rows, "test": tested}
    return Fit(
        predictions=test[columns].assign(prediction=stars).reset_index(drop=True),
        history=learned.history,
        best_epoch=learned.kept_epoch,
        model=towers.model,
        num_parameters=towers.model.count_params(),
        metrics=_evaluate_rows(towers, features, parts, learned.history) if by_document else [],
        score=None if by_document else network.learned.score,
    )


def restore(
    model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, weights: Path
) -> Learned:
    """A model of this family as a run left it."""

    def make(params: dict[str, Any], ratings: pd.DataFrame) -> Network:
        if model_name == "two_tower.best":
            return best_tower.make_network(model_name, dataset, params, ratings)
        features = make_features(dataset, params["spelling"])
        towers = build(model_name, params, features)
        return make_network(towers, features, dataset, params, ratings)

    return restore_network(make, params, _list_known(dataset, split), weights)


def make_network(
    towers: Towers,
    features: Features,
    dataset: Dataset,
    params: dict[str, Any],
    ratings: pd.DataFrame,
) -> Network:
    """These towers, and what trains them on these ratings."""

    def encode(part: pd.DataFrame) -> Arrays:
        return make_rows(dataset, features, part, ratings, towers.query.input_names)

    learned = Learned(
        towers.model.count_params(),
        predict=lambda part: predict_stars(towers, features, encode(part)),
        score=lambda users: make_score(towers, features, dataset, ratings)(users),
        model=towers.model,
        encode=encode,
    )
    return Network(learned, encode(ratings), make_loss(towers, features, params))


def _list_known(dataset: Dataset, split: Split) -> pd.DataFrame:
    """What all models of this family learn from, whatever the protocol."""
    return dataset.ratings.iloc[split.known]


def build(model_name: str, params: dict[str, Any], features: Features) -> Towers:
    """The untrained towers of one of the document's models."""
    return build_towers(
        model_name.replace(".", "_"),
        features.sizes,
        dim=params["dim"],
        tower_units=params["tower_units"],
        head_units=params["head_units"],
        dropout=params["dropout"],
        side_features=params["side_features"],
        title_length=features.title_length,
    )


def make_rows(
    dataset: Dataset,
    features: Features,
    ratings: pd.DataFrame,
    known: pd.DataFrame,
    query_inputs: list[str],
) -> Arrays:
    """Ratings as rows for training and evaluation, each array (rows,).

    Args:
        dataset: the canonical tables.
        features: of the movies.
        ratings: canonical rows.
        known: the training ratings, whose times decide buckets and scale.
        query_inputs: features of the query tower; rows that agree in them are one query.

    Returns:
        These features; query, the number of the row's query; movie, its place in the catalogue;
        entry, its place among the movie entries; rating, stars.
    """
    users, times = ratings["user_id"].to_numpy(), ratings["timestamp"].to_numpy()
    queries = make_queries(dataset, users, times, known["timestamp"].to_numpy())
    queries = {name: queries[name] for name in query_inputs}
    movie = encode_values(ratings["movie_id"], dataset.movies["movie_id"]) - 1
    return {
        **queries,
        "query": pd.DataFrame(queries).groupby(query_inputs).ngroup().to_numpy("int32"),
        "movie": movie,
        "entry": features.rated[movie],
        "rating": ratings["rating"].to_numpy("float32"),
    }


def make_loss(towers: Towers, features: Features, params: dict[str, Any]) -> Loss:
    """The weighted sum of both tasks' losses on a batch of the rows of `make_rows`.

    Each different query and each different movie of the batch goes through its tower once.
    """
    movies = {name: tf.constant(features.movies[name]) for name in towers.candidate.input_names}

    def compute_loss(batch: dict[str, tf.Tensor]) -> tf.Tensor:
        entries, movie = tf.unique(batch["entry"])  # (movies,), (batch,)
        different, query = tf.unique(batch["query"])  # (queries,), (batch,)
        rows = tf.range(tf.size(query))
        rows = tf.math.unsorted_segment_min(rows, query, tf.size(different))  # (queries,)
        query_inputs = {name: tf.gather(batch[name], rows) for name in towers.query.input_names}
        movie_inputs = {name: tf.gather(values, entries) for name, values in movies.items()}
        q = towers.query(query_inputs, training=True)  # (queries, dim)
        c = towers.candidate(movie_inputs, training=True)  # (movies, dim)
        loss = tf.constant(0.0)
        if params["retrieval_weight"]:
            loss += params["retrieval_weight"] * compute_batch_softmax(q, c, query, movie)
        if params["rating_weight"]:
            pairs = {"query_vector": tf.gather(q, query), "movie_vector": tf.gather(c, movie)}
            stars = tf.reshape(towers.head(pairs, training=True), [-1])  # (batch,)
            loss += params["rating_weight"] * tf.reduce_mean(tf.square(stars - batch["rating"]))
        return loss

    return compute_loss


def embed_catalogue(towers: Towers, features: Features) -> np.ndarray:
    """Vectors of the candidates, float32 (movies, dim), in the order of their ids."""
    size = len(features.rated)
    return embed(towers.candidate, {k: values[:size] for k, values in features.movies.items()})


def predict_stars(towers: Towers, features: Features, rows: Arrays) -> np.ndarray:
    """Predicted stars of rows, float32 (rows,)."""
    queries, movies = _embed_rows(towers, features, rows)
    return embed(towers.head, {"query_vector": queries, "movie_vector": movies})[:, 0]


def make_score(towers: Towers, features: Features, dataset: Dataset, known: pd.DataFrame) -> Score:
    """Scores of the catalogue for users, each asked at the time of his or her last known rating."""
    candidates = embed_catalogue(towers, features)
    times = known["timestamp"].to_numpy()
    last = known.groupby("user_id")["timestamp"].max()

    def score(users: np.ndarray) -> np.ndarray:
        asked = last.reindex(users).fillna(times.max()).to_numpy("int64")
        queries = make_queries(dataset, users, asked, times)
        return embed(towers.query, queries) @ candidates.T  # (users, movies)

    return score


def rank_rows(towers: Towers, features: Features, rows: Arrays) -> dict[str, np.ndarray]:
    """Rank of each row's movie in the whole catalogue: `top` by id, `tfrs_top` by score."""
    queries, movies = _embed_rows(towers, features, rows)
    candidates = embed_catalogue(towers, features)
    return {
        "top": ranking.rank_targets(queries, candidates, rows["movie"]),
        "tfrs_top": ranking.rank_by_score(queries, candidates, movies),
    }


def _embed_rows(towers: Towers, features: Features, rows: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of each row's query and of its movie as the ratings spell it, (rows, dim) each."""
    movies = embed(towers.candidate, features.movies)
    return embed(towers.query, rows), movies[rows["entry"]]


def _measure(
    towers: Towers, features: Features, rows: Arrays, prefix: str = ""
) -> dict[str, float]:
    """RMSE, top@k and tfrs_top@k on rows, by name."""
    errors = predict_stars(towers, features, rows).astype("float64") - rows["rating"]
    figures = {f"{prefix}rmse": float(np.sqrt(np.mean(errors**2)))}
    for name, ranks in rank_rows(towers, features, rows).items():
        accuracy = ranking.compute_top_accuracy(ranks, HIT_RATES)
        figures |= {f"{prefix}{name}@{k}": value for k, value in accuracy.items()}
    return figures


def _evaluate_rows(
    towers: Towers, features: Features, parts: dict[str, Arrays], history: pd.DataFrame
) -> list[Metric]:
    """The document's figures: with intervals on test rows, without on training rows.

    With them the highest tfrs_top@10 of all epochs, where these were measured, and what RMSE two
    constants get on the test rows: the mean of all training ratings, and that of the row's user.
    """
    known, test = parts["train"], parts["test"]
    on_train = _measure(towers, features, known)
    metrics = [Metric("train", name, value) for name, value in on_train.items()]
    for name, ranks in rank_rows(towers, features, test).items():
        ranked = pd.DataFrame({"user_id": test["user"], "rank": ranks})
        metrics += estimate_top_accuracy(ranked, name=name)
    if "test_tfrs_top@10" in history:
        highest = float(history["test_tfrs_top@10"].max())
        metrics.append(Metric("test", "tfrs_top@10_highest", highest))
    mean = known["rating"].mean(dtype="float64")
    of_user = pd.Series(known["rating"], dtype="float64").groupby(known["user"]).mean()
    own = of_user.reindex(test["user"]).fillna(mean).to_numpy()
    for name, constant in {"mean": mean, "user_mean": own}.items():
        value = float(np.sqrt(np.mean((test["rating"] - constant) ** 2)))
        metrics.append(Metric("test", f"rmse_of_{name}", value))
    return metrics
