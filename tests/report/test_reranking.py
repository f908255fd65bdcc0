import numpy as np
import pytest
from scipy import sparse

from reelbook.metrics import beyond
from reelbook.report import reranking


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_calibrated_lists_are_those_of_a_greedy_loop(weight, monkeypatch):
    monkeypatch.setattr(reranking, "USERS", 4)
    rng = np.random.default_rng(0)
    genres = (rng.random((20, 4)) < 0.4).astype(float)
    columns = np.argsort(rng.random((9, 20)), axis=1)[:, :8]
    scores = -np.sort(-rng.random((9, 8)), axis=1)
    wanted = rng.dirichlet(np.ones(4), 9)
    kinds = beyond.split_genres(sparse.csr_matrix(genres)).toarray()
    expected = []
    for own, given, taste in zip(columns, scores, wanted, strict=True):
        scaled = dict(zip(own, (given - given[-1]) / (given[0] - given[-1]), strict=True))
        chosen: list[int] = []
        for _ in range(3):

            def tell_worth(movie, chosen=chosen, scaled=scaled, taste=taste):
                tried = [*chosen, movie]
                shares = kinds[tried].sum(axis=0)
                shares = shares / shares.sum() if shares.sum() else shares
                gap = np.sum(taste * np.log(taste / (0.99 * shares + 0.01 * taste)))
                return (1 - weight) * sum(scaled[i] for i in tried) / 3 - weight * gap

            left = [movie for movie in own if movie not in chosen]
            chosen.append(max(left, key=tell_worth))
        expected.append(chosen)
    found = reranking.calibrate(
        columns, scores, wanted, sparse.csr_matrix(genres), weight=weight, k=3
    )
    assert found.tolist() == expected


def test_short_lists_and_scores_that_are_no_numbers():
    """Candidates may end early, have equal scores, or none that is finite."""
    columns = np.array([[2, 0, -1], [1, -1, -1]])
    scores = np.array([[-np.inf, -np.inf, np.nan], [3.0, np.nan, np.nan]])
    genres = sparse.csr_matrix(np.eye(3))
    found = reranking.calibrate(columns, scores, np.eye(3)[:2], genres, weight=0.5, k=3)
    assert found.tolist() == [[0, 2, -1], [1, -1, -1]]
