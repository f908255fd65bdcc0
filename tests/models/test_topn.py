import numpy as np
import pytest
from scipy import sparse

from reelbook.metrics.catalogue import compute_by_user, rank_catalogue
from reelbook.models import registry, topn
from reelbook.models.features import matrix
from reelbook.models.features.matrix import make_matrix
from reelbook.models.registry import resolve_params
from reelbook.splits.protocols import make_split

QUICK = {name: {"grid": {}} for name in topn.MODELS}
QUICK["topn.bpr"] |= {"factors": 8, "iterations": 20}
QUICK["topn.bpr_plain"] |= {"factors": 8, "iterations": 20}
QUICK["topn.ials"] |= {"factors": 8, "regularization": 1.0}
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def split(dataset):
    return make_split(dataset, "stratified")


def fit(name, dataset, split, seed=0):
    return registry.fit(name, QUICK[name], dataset, split, seed)


def make_small():
    """Four users and three movies; nobody rated the last one."""
    return sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 1, 0]], "float32"))


def score(x, learner, params=None):
    return learner(x, params or {}, 0)[0](np.arange(x.shape[0]))


@pytest.mark.parametrize("name", list(topn.MODELS))
def test_a_user_who_has_rated_nothing_gets_popularity(name, dataset, split):
    new = dataset.ratings["user_id"].iloc[0]
    rows = dataset.ratings.index[dataset.ratings["user_id"] == new].to_numpy()
    train, validation = (np.setdiff1d(part, rows) for part in (split.train, split.validation))
    other = type(split)("stratified", None, 0, train, validation, np.union1d(split.test, rows))
    found = fit(name, dataset, other).score(np.array([new]))[0]
    known = dataset.ratings["movie_id"].iloc[np.union1d(train, validation)]
    counts = known.value_counts().reindex(np.sort(dataset.movies["movie_id"]), fill_value=0)
    assert np.array_equal(found, counts)


def test_popularity_counts():
    assert score(make_small(), topn.learn_popularity).tolist() == [[3, 3, 0]] * 4


def test_neighbours_by_hand():
    scores = score(
        make_small(), topn.LEARNERS["topn.item_knn"], {"neighbours": 2, "shrinkage": 0.0}
    )
    cosine = 2 / 3  # two users of both, three of each
    assert scores == pytest.approx(
        np.array([[cosine, cosine, 0], [cosine, cosine, 0], [0, cosine, 0], [cosine, 0, 0]])
    )
    damped = score(
        make_small(), topn.LEARNERS["topn.item_knn"], {"neighbours": 2, "shrinkage": 1.0}
    )
    assert damped[0, 0] == pytest.approx(2 / 4)


def test_only_the_nearest_count():
    x = sparse.csr_matrix((np.random.default_rng(0).random((30, 12)) < 0.4).astype("float32"))
    gram = topn.compute_gram(x)
    length = np.sqrt(gram.diagonal())
    likeness = gram / np.outer(length, length)
    np.fill_diagonal(likeness, 0)
    scores = score(x, topn.LEARNERS["topn.item_knn"], {"neighbours": 1, "shrinkage": 0.0})
    expected = np.zeros_like(likeness)
    for movie in range(12):
        best = likeness[:, movie].max()
        expected[:, movie] = np.where(likeness[:, movie] == best, best, 0)
    assert np.allclose(scores, x @ expected)


def test_ease_is_the_best_ridge_regression_on_the_other_movies():
    from sklearn.linear_model import Ridge

    x = (np.random.default_rng(1).random((50, 8)) < 0.4).astype("float32")
    scores = score(sparse.csr_matrix(x), topn.LEARNERS["topn.edlae"], {"l2": 3.0})
    for movie in range(8):
        others = np.delete(x, movie, axis=1).astype("float64")
        ridge = Ridge(alpha=3.0, fit_intercept=False).fit(others, x[:, movie])
        assert np.allclose(scores[:, movie], ridge.predict(others), atol=1e-5)


def test_dropout_is_ridge_with_a_penalty_by_popularity():
    """In the mean over drop-outs the loss gains p (1 - p) n_j w_j^2: the equation's penalty."""
    x = (np.random.default_rng(2).random((60, 6)) < 0.5).astype("float64")
    dropout = 0.4
    found = score(
        sparse.csr_matrix(x, dtype="float32"),
        topn.LEARNERS["topn.edlae"],
        {"l2": 1e-9, "dropout": dropout},
    )
    others = x[:, 1:]
    # Weights of inputs that are scaled by 1 / (1 - p) where they are kept.
    gram = others.T @ others + np.diag(dropout / (1 - dropout) * others.sum(axis=0))
    weights = np.linalg.solve(gram, others.T @ x[:, 0])
    assert np.allclose(found[:, 0], others @ weights, atol=1e-4)


@pytest.mark.parametrize("shape", [(40, 15), (15, 40), (20, 20)])
def test_the_short_way_to_the_inverse_is_the_inverse(shape):
    rng = np.random.default_rng(3)
    x = (rng.random(shape) < 0.3).astype("float32")
    penalty = rng.uniform(0.5, 200, shape[1])
    expected = np.linalg.inv(x.T.astype("float64") @ x + np.diag(penalty))
    assert np.allclose(topn.invert_gram(sparse.csr_matrix(x), penalty), expected, atol=1e-13)


def test_bpr_puts_the_popularity_of_its_negatives_back(dataset, split):
    users = dataset.users["user_id"].to_numpy()
    plain, corrected = (
        fit(name, dataset, split).score(users) for name in ("topn.bpr_plain", "topn.bpr")
    )
    known = dataset.ratings.iloc[np.union1d(split.train, split.validation)]
    counts = topn.count_ratings(make_matrix(dataset, known))
    assert np.allclose(corrected - plain, np.log(np.maximum(counts, 0.5)), atol=1e-4)


@pytest.mark.parametrize(("num_users", "scale"), [(943, 1.0), (16_000, 2.0)])
def test_more_users_take_more_regularisation_and_those_without_ratings_do_not_count(
    num_users, scale
):
    x = sparse.csr_matrix(np.repeat([[1.0], [0.0]], [num_users, 500], axis=0))
    assert topn.scale_regularization(x) == pytest.approx(scale)


@pytest.mark.parametrize("name", ["topn.item_knn", "topn.ease", "topn.edlae", "topn.ials"])
def test_it_beats_a_list_in_any_order(name, dataset, split):
    def measure(scores):
        ranks = rank_catalogue(scores, dataset, split).ranks
        return compute_by_user(ranks, "ndcg@10").mean()

    rng = np.random.default_rng(0)
    drawn = measure(lambda users: rng.random((len(users), len(dataset.movies))))
    assert measure(fit(name, dataset, split).score) > 1.4 * drawn


@pytest.mark.parametrize("name", topn.WEIGHTS)
def test_of_many_movies_the_most_rated_are_weighed_and_the_rest_stand_behind(
    name, dataset, monkeypatch
):
    monkeypatch.setattr(matrix, "MOST_MOVIES", 30)
    x = matrix.make_matrix(dataset, dataset.ratings)
    counts = matrix.count_ratings(x)
    kept = matrix.list_most_rated(x)
    rest = np.setdiff1d(np.arange(x.shape[1]), kept)
    assert len(kept) == 30
    assert counts[kept].min() >= counts[rest].max()
    params = resolve_params(name, {})
    score, _ = topn.LEARNERS[name](x, params, 0)
    scores = score(np.arange(x.shape[0]))
    assert np.array_equal(scores[:, kept], x[:, kept] @ topn.WEIGHTS[name](x[:, kept], params))
    assert (scores[:, rest].max(axis=1) < scores[:, kept].min(axis=1)).all()
    order = np.argsort(-scores[:, rest], axis=1, kind="stable")
    assert (np.diff(counts[rest][order], axis=1) <= 0).all()
