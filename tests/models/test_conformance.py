"""What every model must do, found in the registry: a new family is tested by being there."""

import dataclasses
import math
import tracemalloc
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from reelbook.data import film_graph, synthetic
from reelbook.data.tables import Dataset
from reelbook.metrics import catalogue
from reelbook.models import registry
from reelbook.models.features import matrix
from reelbook.models.fit import Fit
from reelbook.models.fitting import loop, sparse_product
from reelbook.splits.protocols import make_split
from reelbook.splits.split import Split

NEW_USER, NEW_MOVIE = 60, 1  # training never sees them; movie 1 is the most rated one
COLUMNS = {
    "titles": ("movies", ["title", "year"]),
    "genres": ("movies", ["genres"]),
    "people": ("users", ["age", "gender", "occupation", "zip_code"]),
    "credits": ("credits", ["director", "star"]),
    "times": ("ratings", ["timestamp"]),
}
MODELS = registry.list_models()


class Fits(NamedTuple):
    """A model fitted twice: as it is, and without what it must not or need not read."""

    model: str
    params: dict
    split: Split
    first: Fit
    second: Fit


@pytest.fixture(scope="module")
def dataset():
    """The made-up data set with all that a model can need."""
    tables = synthetic.make_tables()
    people = film_graph.make_credits(tables.movies)
    return Dataset("made-up", **vars(tables), sha256="abc", source="a test", credits=people)


@pytest.fixture(scope="module", params=MODELS)
def fits(request, dataset):
    """Two fits of a model with the same seed, of one small step an epoch."""
    model = request.param
    params = registry.resolve_params(model, make_small(model))
    split = hide_new(dataset, make_split(dataset, "official", fold=1))
    told = scramble(dataset, split, MODELS[model].needs)
    with threadpool_limits(1):
        yield Fits(
            model,
            params,
            split,
            *(registry.fit(model, params, d, split, 7) for d in (dataset, told)),
        )


def make_small(model):
    """Settings of a fit that takes moments: small numbers, one step an epoch, one setting."""

    def shrink(name, value):
        if name == "grid":
            return {key: [shrink(key, values[0])] for key, values in value.items()}
        if name == "batch_size":
            return 100_000
        if type(value) is list and value and type(value[0]) is int:
            return [min(v, 2) for v in value]
        return min(value, 1 if name == "epochs" else 2) if type(value) is int else value

    return {name: shrink(name, value) for name, value in registry.resolve_params(model, {}).items()}


def hide_new(dataset, split):
    """The split without the new user and movie in what trains or chooses; both are tested."""
    ratings = dataset.ratings
    new = np.flatnonzero((ratings["user_id"] == NEW_USER) | (ratings["movie_id"] == NEW_MOVIE))
    train, validation = (np.setdiff1d(part, new) for part in (split.train, split.validation))
    return Split("official", 1, 0, train, validation, np.union1d(split.test, new))


def scramble(dataset, split, needs):
    """Other stars in the test rows, and in another order all that the model does not need."""
    rng = np.random.default_rng(1)
    tables = {
        name: getattr(dataset, name).copy() for name in ("ratings", "movies", "users", "credits")
    }
    stars = tables["ratings"]["rating"].to_numpy(copy=True)
    stars[split.test] = 6 - stars[split.test]
    tables["ratings"]["rating"] = stars
    for need in set(COLUMNS) - set(needs):
        name, columns = COLUMNS[need]
        order = rng.permutation(len(tables[name]))
        tables[name][columns] = tables[name][columns].iloc[order].set_axis(tables[name].index)
    return dataclasses.replace(dataset, **tables)


def test_it_predicts_what_it_says_finitely_and_in_shape(fits, dataset):
    predicts = MODELS[fits.model].predicts
    assert (fits.first.predictions is not None) == (predicts in ("stars", "both"))
    assert (fits.first.score is not None) == (predicts in ("lists", "both"))
    if fits.first.predictions is not None:
        test = dataset.ratings.iloc[fits.split.test]
        for key in ("user_id", "movie_id", "rating"):
            assert np.array_equal(fits.first.predictions[key], test[key])
        assert np.isfinite(fits.first.predictions["prediction"]).all()
    if fits.first.score is not None:
        users = np.array([3, NEW_USER])
        scores = fits.first.score(users)
        assert scores.shape == (2, len(dataset.movies))
        assert np.isfinite(scores).all()
        assert np.array_equal(fits.first.score(users), scores)


def test_it_counts_what_it_learned_and_tells_how(fits):
    assert fits.first.num_parameters > 0
    assert (fits.first.best_epoch is not None) == ("epoch" in fits.first.history)
    assert np.isfinite(fits.first.history.select_dtypes("number")).all(axis=None)


def test_seed_and_what_it_reads_decide_every_bit_and_test_stars_none(fits, dataset):
    first, second = fits.first, fits.second
    assert first.history.equals(second.history)
    assert (first.best_epoch, first.metrics) == (second.best_epoch, second.metrics)
    if first.predictions is not None:
        assert first.predictions["prediction"].equals(second.predictions["prediction"])
    if first.score is not None:
        users = dataset.users["user_id"].to_numpy()
        assert np.array_equal(first.score(users), second.score(users))


def test_what_is_saved_and_restored_predicts_the_same(fits, dataset, tmp_path):
    assert (fits.first.model is not None) == hasattr(registry.get_family(fits.model), "restore")
    if fits.first.model is None:
        return
    weights = tmp_path / "model.weights.h5"
    fits.first.model.save_weights(weights)
    params = fits.params | fits.first.extra.get("chosen", {})
    restored = registry.restore(fits.model, params, dataset, fits.split, weights)
    if fits.first.predictions is not None:
        found = restored.predict(dataset.ratings.iloc[fits.split.test])
        assert np.array_equal(found, fits.first.predictions["prediction"])
    if fits.first.score is not None:
        users = dataset.users["user_id"].to_numpy()
        assert np.array_equal(restored.score(users), fits.first.score(users))


def repeat(dataset, times):
    """As many times the users, the movies and the ratings, each copy apart from the others."""

    def stack(table):
        copies = [
            table.assign(
                **{
                    key: table[key] + copy * size
                    for key, size in (("user_id", 60), ("movie_id", 100))
                    if key in table
                }
            )
            for copy in range(times)
        ]
        return pd.concat(copies, ignore_index=True).astype(table.dtypes)

    tables = {name: stack(getattr(dataset, name)) for name in ("ratings", "users", "movies")}
    people = film_graph.make_credits(tables["movies"])
    return dataclasses.replace(dataset, **tables, credits=people)


# One model of each family for each kind of growth: its relatives use the same tables.
KINDS = {(name.split(".")[0], about.grows): name for name, about in MODELS.items()}


@pytest.mark.parametrize("model", KINDS.values())
def test_its_memory_grows_as_it_says(model, dataset, monkeypatch):
    """With twice the users, movies and ratings: twice as large, or four times for a dense table."""
    monkeypatch.setattr(catalogue, "USERS", 16)  # scores of a block, which are not counted
    monkeypatch.setattr(matrix, "MOST_MOVIES", 100)
    monkeypatch.setattr(sparse_product, "MOST_CELLS", 0)  # as on data that are large
    monkeypatch.setattr(loop, "FEW_STEPS", math.inf)  # a graph takes as much for few as for many
    small = make_small(model)
    if "batch_size" in small and MODELS[model].predicts == "lists":
        small["batch_size"] = 16  # users, each with scores of all movies
    if "members" in small:
        small["members"] = 1  # one after the other, each takes what the one before gave back
    params = registry.resolve_params(model, small)
    peaks = []
    for times in (4, 8):
        larger = repeat(dataset, times)
        split = make_split(larger, "stratified")
        tracemalloc.start()
        registry.fit(model, params, larger, split, 7)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    grows = MODELS[model].grows
    assert set(grows) <= set(registry.GROWS)
    assert peaks[1] / peaks[0] < (4.5 if any(" x " in part for part in grows) else 2.5)


# A model a family that predicts stars; those of documents, which nothing holds to a scale, last.
OURS = sorted(MODELS, key=lambda model: "document" in MODELS[model].source, reverse=True)
SCALED = {m.split(".")[0]: m for m in OURS if MODELS[m].predicts != "lists"}


@pytest.mark.parametrize("scale", [(0, 100), (-5, 5)])
@pytest.mark.parametrize("model", SCALED.values())
def test_it_predicts_on_any_scale(model, scale, dataset):
    low, high = scale
    stars = low + (dataset.ratings["rating"] - 1) / 4 * (high - low)
    other = dataclasses.replace(dataset, ratings=dataset.ratings.assign(rating=stars))
    split = make_split(other, "official", fold=1)
    fit = registry.fit(model, make_small(model), other, split, 7)
    found = fit.predictions["prediction"]
    assert np.isfinite(found).all()
    if "document" not in MODELS[model].source:
        assert found.between(low, high).all()
