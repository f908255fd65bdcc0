"""Behavior sequence transformer: what a user rated before tells what comes next.

bst.base and bst.tuned, document A's, see a window of 3 rated movies and the target:

    x_j = relu(W [e_j, genres_j] + b)                                  a movie
    z   = [(x_1 + pos_1) r_1, (x_2 + pos_2) r_2, (x_3 + pos_3) r_3, x_target]
    h   = block(...block(z))      block: y = LN(z + attention(z)), LN(y + W leaky_relu(y))
    r   = w . dense(...dense([flat h, user features])) + c              dense: W, batch norm, leaky relu

bst.best, ours, adds to the biased matrix factorisation what the last ratings tell:

    a   = attention of the target over the past and itself (reelbook.models.attention)
    y   = LN(x_i + a), LN(y + W relu(W y))
    r   = mean + b_u + b_i + q_i . (p_u + W a) + w . relu(W [y, user features])

Each place has its movie's vector, one for its position, and as signal how far the rating lies above
mean + b_j. Neither it nor anything else that a row sees contains the rating to be predicted.

Sources: Chen et al. 2019 (arXiv:1905.06874); document A, "Implementing a Transformer"; the Keras
example that it follows, Salama 2020, "Recommendations with Transformer": windows of 4 with step 2, vectors of
the square root of the number of movies, dense layers of 256 and 128, 3 heads as long as the vectors,
Adagrad. Document A's text counts where the two differ: bst.base has genres, which the example has
but switches off, and no user features. Where both are silent, these are our choices. For bst.tuned:
heads as long as the vector divided by their number (Vaswani et al. 2017), embeddings of user
features by the square root of their number, patience of 3. For both: batches of BATCH, with a
learning rate to match; `make bench` holds them beside batches of 265.

bst.best was chosen on the validation rows of u1 and u3 of ML-100K. The models after it in MODELS are
bst.best with one thing taken away.
"""  # fmt: skip

import math
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
import tf_keras as keras

from reelbook import features
from reelbook.models import resolve_params
from reelbook.models.attention import MovieTable, RatedSequence, Sequence, TargetAttention
from reelbook.schema import Dataset
from reelbook.sequences import WINDOW, find_past, find_windows
from reelbook.splits import Split
from reelbook.training import Fit, Rows, predict, set_seed, train
from reelbook.tuning import Trained, choose_and_refit

layers = keras.layers

BASE: dict[str, Any] = {
    "length": WINDOW - 1,  # rated movies before the target
    "num_blocks": 1,
    "num_heads": 3,
    "wide_heads": True,  # each head as long as the vectors, else their length divided by num_heads
    "hidden_units": [256, 128],
    "dropout": 0.1,
    "user_features": [],
    "optimizer": "adagrad",
    "learning_rate": 0.02,
    "batch_size": 1024,
    "epochs": 60,  # at most; early stopping ends it
    "patience": 3,
}
TUNED: dict[str, Any] = {
    "num_blocks": 2,
    "num_heads": 8,
    "wide_heads": False,
    "hidden_units": [128],
    "dropout": 0.5,
    "user_features": ["occupation", "gender", "zip_code"],
}
BEST: dict[str, Any] = {
    "length": 40,
    "dim": 32,
    "num_heads": 4,
    "hidden_units": 64,
    "dropout": 0.3,
    "history_dropout": 0.4,
    "l2": 0.1,  # on p_u and q_i, per rating
    "l2_bias": 0.03,
    "user_features": ["occupation", "gender", "age_group"],
    "genres": True,
    "positions": True,
    "ratings": True,  # whether a place has its rating as signal
    "shuffle": False,  # put the past of each row in a drawn order
    "optimizer": "adam",
    "learning_rate": 0.003,
    "decay_from": 0.5,
    "batch_size": 1024,
    "epochs": 10,
}
DOCUMENT_MODELS = ("bst.base", "bst.tuned")
MODELS: dict[str, dict[str, Any]] = {
    "bst.base": BASE,
    "bst.tuned": BASE | TUNED,
    "bst.best": BEST,
    "bst.shuffled": BEST | {"shuffle": True},
    "bst.no_positions": BEST | {"positions": False},
    "bst.no_ratings": BEST | {"ratings": False},
    "bst.no_side": BEST | {"user_features": [], "genres": False},
    **{f"bst.length_{length}": BEST | {"length": length} for length in (4, 10, 20, 50)},
}


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.tuning.choose_and_refit` says how.

    A split of windows (protocol `source` and those beside it) gives each row the window that ends in
    it. Any other gives it the last ratings before it that are training rows.

    Args:
        model_name: a key of MODELS.
        params: what differs from the model's defaults.
        dataset: the canonical tables.
        split: row positions in `dataset.ratings`.
        seed: decides initial weights, shuffling and dropout.

    Raises:
        ReelbookError: an unknown parameter, a wrong type, or a training that diverged.
    """
    of_windows = split.protocol.startswith("source")

    def train_once(
        params: dict[str, Any],
        ratings: pd.DataFrame,
        *,
        watched: pd.DataFrame | None,
        keep_epoch: int | None = None,
    ) -> Trained:
        set_seed(seed)
        known = None if of_windows else ratings.index.to_numpy()

        def encode(part: pd.DataFrame) -> Rows:
            return make_rows(dataset, part.index.to_numpy(), known, params)

        rows = encode(ratings)
        model = build(model_name, params, dataset, mean=float(rows.targets.mean(dtype="float64")))
        is_ours = model_name not in DOCUMENT_MODELS
        clip = (float(rows.targets.min()), float(rows.targets.max())) if is_ours else None
        training = train(
            model,
            rows,
            watched=None if watched is None else encode(watched),
            optimizer=params["optimizer"],
            learning_rate=params["learning_rate"],
            decay_from=params.get("decay_from", 1.0),
            batch_size=params["batch_size"],
            epochs=params["epochs"],
            patience=params.get("patience"),
            keep_epoch=keep_epoch,
            clip=clip,
            seed=seed,
        )
        return Trained(model, training, lambda part: predict(model, encode(part).inputs, clip=clip))

    return choose_and_refit(train_once, resolve_params(model_name, params), dataset, split)


def make_rows(
    dataset: Dataset, targets: np.ndarray, known: np.ndarray | None, params: dict[str, Any]
) -> Rows:
    """Inputs and stars of these rows, with the past of each.

    Args:
        dataset: the canonical tables.
        targets: row positions in `dataset.ratings`, shape (rows,).
        known: row positions that may stand in a past; None takes the windows that end in the targets.
        params: `length`, `user_features` and, for our models, `shuffle`.

    Returns:
        Inputs user, movie and each user feature, int32 (rows,), from 1; history, int32 (rows,
        length), the movies of the past, the latest first, 0 for padding; stars, float32 (rows,
        length).
    """
    if known is None:
        past = find_windows(dataset.ratings, targets)[:, -2::-1]
    else:
        past = find_past(dataset.ratings, targets, known, length=params["length"])
    if params.get("shuffle"):
        past = _shuffle(past)
    users = encode(dataset.ratings["user_id"], dataset.users["user_id"])
    movies = encode(dataset.ratings["movie_id"], dataset.movies["movie_id"])
    stars = dataset.ratings["rating"].to_numpy("float32")
    inputs = {
        "user": users[targets],
        "movie": movies[targets],
        "history": np.where(past < 0, 0, movies[past]),
        "stars": np.where(past < 0, np.float32(0), stars[past]),
    }
    for name in params["user_features"]:
        inputs[name] = _encode_user_feature(dataset, name)[inputs["user"] - 1]
    return Rows(inputs, stars[targets])


def encode(values: pd.Series, vocabulary: pd.Series) -> np.ndarray:
    """Place of each value among the sorted different ones of a vocabulary, int32, from 1."""
    return (np.searchsorted(np.unique(vocabulary.to_numpy()), values.to_numpy()) + 1).astype("int32")


def build(model_name: str, params: dict[str, Any], dataset: Dataset, *, mean: float) -> keras.Model:
    """The untrained model, a functional Keras model from the inputs of `make_rows` to stars (batch, 1).

    Args:
        model_name: a key of MODELS.
        params: its parameters, all of them.
        dataset: for the tables' sizes and the genres; no rating is read.
        mean: of the training ratings, in stars; the document's models have no use for it.
    """
    scalars = ["user", "movie", *params["user_features"]]
    inputs = {name: keras.Input((), dtype="int32", name=name) for name in scalars}  # (batch,)
    length = params["length"]
    inputs["history"] = keras.Input((length,), dtype="int32", name="history")  # (batch, length)
    inputs["stars"] = keras.Input((length,), dtype="float32", name="stars")  # (batch, length)
    people = _embed_user_features(inputs, params, dataset)
    if model_name in DOCUMENT_MODELS:
        stars = _build_document(inputs, people, params, dataset)
    else:
        stars = _build_ours(inputs, people, params, dataset, mean)
    return keras.Model(inputs, stars, name=model_name.replace(".", "_"))


def _build_document(
    inputs: dict[str, tf.Tensor],
    people: list[tf.Tensor],
    params: dict[str, Any],
    dataset: Dataset,
) -> tf.Tensor:
    """Stars (batch, 1) by document A's transformer; padded places are zero and never attended to."""
    dim, rate = math.isqrt(len(dataset.movies)), params["dropout"]
    table = MovieTable(make_genres(dataset), len(dataset.movies), dim, joined=True)
    past, target = table([inputs["history"], inputs["movie"]])  # (batch, past, dim), (batch, dim)
    x, mask = RatedSequence(params["length"])([target, past, inputs["stars"], inputs["history"]])
    for _ in range(params["num_blocks"]):
        x = _add_block(x, mask, params)  # (batch, places, dim)
    x = layers.Multiply(name="zero_padding")([x, layers.Reshape((-1, 1))(mask)])
    x = layers.Flatten(name="flatten")(x)
    x = layers.Concatenate(name="features")([x, *people]) if people else x
    for units in params["hidden_units"]:
        x = layers.Dense(units)(x)
        x = layers.BatchNormalization()(x)
        x = layers.LeakyReLU()(x)
        x = layers.Dropout(rate)(x)
    return layers.Dense(1, name="read_out")(x)


def _add_block(x: tf.Tensor, mask: tf.Tensor, params: dict[str, Any]) -> tf.Tensor:
    """One transformer block of the document, (batch, places, dim) to the same."""
    dim, heads, rate = x.shape[-1], params["num_heads"], params["dropout"]
    attend = layers.MultiHeadAttention(
        heads, dim if params["wide_heads"] else max(1, dim // heads), dropout=rate
    )
    a = attend(x, x, attention_mask=layers.Reshape((1, -1))(mask))
    x = layers.LayerNormalization()(layers.Add()([x, layers.Dropout(rate)(a)]))
    y = layers.Dropout(rate)(layers.Dense(dim)(layers.LeakyReLU()(x)))
    return layers.LayerNormalization()(layers.Add()([x, y]))


def _build_ours(
    inputs: dict[str, tf.Tensor],
    people: list[tf.Tensor],
    params: dict[str, Any],
    dataset: Dataset,
    mean: float,
) -> tf.Tensor:
    """Stars (batch, 1) by bst.best: biases and factors, plus what the past tells."""
    num_users, num_movies = len(dataset.users), len(dataset.movies)
    dim, rate = params["dim"], params["dropout"]
    genres = make_genres(dataset) if params["genres"] else None
    table = MovieTable(genres, num_movies, dim, joined=False)
    target, past = table([inputs["movie"], inputs["history"]])  # (batch, dim), (batch, length, dim)
    movie_bias = layers.Embedding(num_movies + 1, 1, "zeros", name="movie_bias")
    usual = layers.Rescaling(1.0, mean, name="usual_stars")(movie_bias(inputs["history"]))
    signals = layers.Subtract(name="signals")(
        [inputs["stars"], layers.Flatten(name="usual")(usual)]
    )  # (batch, length), stars above what the movie usually gets
    if not params["ratings"]:
        signals = layers.Rescaling(0.0, name="no_ratings")(signals)
    sequence = Sequence(
        params["length"], positions=params["positions"], dropout=params["history_dropout"]
    )
    places, signals, mask = sequence([target, past, signals, inputs["history"]])
    attend = TargetAttention(params["num_heads"], dim, name="attention")
    seen, _ = attend([target, places, signals, mask])  # (batch, dim)
    seen = layers.Dropout(rate)(seen)
    x = layers.LayerNormalization()(layers.Add(name="attended")([target, seen]))
    y = layers.Dense(2 * dim, "relu", name="feed_forward")(x)
    y = layers.Dense(dim, name="feed_back")(layers.Dropout(rate)(y))
    x = layers.LayerNormalization()(layers.Add(name="block")([x, y]))
    x = layers.Concatenate(name="features")([x, *people]) if people else x
    x = layers.Dropout(rate)(x)
    x = layers.Dense(params["hidden_units"], "relu", name="dense")(x)
    x = layers.Dropout(rate)(x)
    p = _embed(inputs["user"], num_users, dim, "user_factors", l2=params["l2"])
    q = _embed(inputs["movie"], num_movies, dim, "movie_factors", l2=params["l2"])
    small = keras.initializers.RandomNormal(stddev=0.02)
    wanted = layers.Dense(dim, use_bias=False, kernel_initializer=small, name="wanted")(seen)
    p = layers.Add(name="user_now")([p, wanted])  # (batch, dim), p_u + W a
    parts = [
        _embed(inputs["user"], num_users, 1, "user_bias", l2=params["l2_bias"], start="zeros"),
        layers.ActivityRegularization(l2=params["l2_bias"])(movie_bias(inputs["movie"])),
        layers.Dot(axes=1, name="dot_product")([p, q]),
        layers.Dense(1, kernel_initializer="zeros", name="read_out")(x),
    ]
    return layers.Rescaling(1.0, mean, name="add_global_mean")(layers.Add(name="sum")(parts))


def make_genres(dataset: Dataset) -> np.ndarray:
    """Which genres each movie has, multi-hot float32 (movies + 1, genres); row 0 is padding."""
    names = sorted({genre for genres in dataset.movies["genres"] for genre in genres})
    table = np.zeros((len(dataset.movies) + 1, len(names)), "float32")
    rows = encode(dataset.movies["movie_id"], dataset.movies["movie_id"])
    for row, genres in zip(rows, dataset.movies["genres"], strict=True):
        table[row, [names.index(genre) for genre in genres]] = 1
    return table


def _encode_user_feature(dataset: Dataset, name: str) -> np.ndarray:
    """Code of a feature, from 1, of each user in the order of ids, int32 (users,)."""
    users = dataset.users.sort_values("user_id")
    values = features.bucketize_age(users["age"]) if name == "age_group" else users[name]
    return encode(values, values)


def _embed_user_features(
    inputs: dict[str, tf.Tensor], params: dict[str, Any], dataset: Dataset
) -> list[tf.Tensor]:
    """Embedding of each user feature, as long as the square root of the number of its values."""
    embedded = []
    for name in params["user_features"]:
        size = int(_encode_user_feature(dataset, name).max())
        table = layers.Embedding(size + 1, math.isqrt(size), name=f"{name}_embedding")
        embedded.append(table(inputs[name]))  # (batch, isqrt(size))
    return embedded


def _embed(
    ids: tf.Tensor, size: int, dim: int, name: str, *, l2: float, start: str = "random_normal"
) -> tf.Tensor:
    """Vectors (batch, dim) of ids from 1 to size; each row adds l2 |vector|^2 to the loss."""
    penalty = keras.regularizers.L2(l2)
    table = layers.Embedding(size + 1, dim, start, activity_regularizer=penalty, name=name)
    return table(ids)


def _shuffle(past: np.ndarray) -> np.ndarray:
    """The same ratings in a drawn order in each row, padding still last."""
    keys = np.random.default_rng(0).random(past.shape)
    return np.take_along_axis(past, np.argsort(np.where(past < 0, 2.0, keys), axis=1), axis=1)
