"""The computed sentences of the chapter on baselines."""

from collections.abc import Sequence

import pandas as pd

from reelbook.report.sentences.phrases import (
    give_bounds,
    give_interval,
    join_words,
    list_rows,
    make_list,
    quote_models,
)

# What each step adds to a model, by the pair of models that differ in it.
STEPS = {
    ("baseline.biases", "baseline.knn"): "Neighbours beyond biases",
    ("baseline.biases", "baseline.svd"): "Factors beyond biases",
    ("baseline.svd", "baseline.svdpp"): "What a user rated, whatever the stars, in SVD++",
    ("baseline.svd", "bayes.mf"): "Averaging over draws in place of one penalised fit",
    ("bayes.mf", "bayes.timesvd"): "Days, who rated what, and side features",
}


def list_glued(board: pd.DataFrame, lists: pd.DataFrame, *, draws: Sequence[int]) -> dict[str, str]:
    """The figures of the text, by the name under which they are glued.

    Args:
        board: the rating models, best first, as `leaderboards.make_rating_board` gives them.
        lists: the ranking models on `stratified`, best first.
        draws: of the Bayesian models.
    """
    best, ranker = board.iloc[0], lists.iloc[0]
    rmse, ndcg = (table.set_index("name")["value"] for table in (board, lists))
    return {
        "best_model": best["name"],
        "best_rmse": f"{best['value']:.3f}",
        "best_interval": give_bounds(best),
        "biases_rmse": f"{rmse['baseline.biases']:.3f}",
        "mean_rmse": f"{rmse['baseline.mean']:.3f}",
        "ranker": ranker["name"],
        "ranker_ndcg": f"{ranker['value']:.3f}",
        "ranker_interval": give_bounds(ranker),
        "popular_ndcg": f"{ndcg['topn.popularity']:.3f}",
        "draws": join_words([str(number) for number in draws]),
    }


def describe_gains(gains: pd.DataFrame) -> str:
    """What each of STEPS brings, an item a step.

    Args:
        gains: of `compare.compare_models` over STEPS, in their order.
    """
    steps = zip(STEPS.values(), list_rows(gains), strict=True)
    return make_list(
        f"{name}: **{row.value:+.4f}** stars ({give_interval(row)})." for name, row in steps
    )


def describe_references(references: pd.DataFrame) -> str:
    """How many published figures are reached on the same rows.

    Args:
        references: as `documents.compare_references` gives them.
    """
    if references.empty:
        return "Nothing is published for these data."
    same = references.dropna(subset="within")
    if same.empty:
        return "No published figure is of the same rows."
    held = same["difference"].abs() <= same["within"]
    text = f"Of {len(same)} figures on the same rows {held.sum()} land within the stated distance"
    missed = [f"`{row.model}` ({row.figure})" for row in list_rows(same[~held])]
    return f"{text}; outside it: {join_words(missed)}." if missed else f"{text}."


def describe_order(boards: dict[str, pd.DataFrame]) -> str:
    """Which models are indistinguishable from the first on `stratified`, and who leads where.

    Args:
        boards: protocol to its board, best first, as `leaderboards.make_ranking_board` gives it.
    """
    best, *others = list_rows(boards["stratified"])
    leaders = [f"{protocol} `{board['name'].iloc[0]}`" for protocol, board in boards.items()]
    first = f"First by protocol: {', '.join(leaders)}."
    if not others:
        return first
    if tied := quote_models(row.name for row in others if not row.clear):
        are = "is" if len(tied) == 1 else "are"
        return f"{join_words(tied)} {are} indistinguishable from `{best.name}`. {first}"
    return f"All others are clearly behind `{best.name}`. {first}"


def describe_bpr(without: float, put_back: float) -> str:
    """What the popularity in BPR's negatives costs its lists, as nDCG@10."""
    return (
        "`topn.bpr` shows what a detail of a package can do. implicit draws the movies that a user "
        "did not rate by their popularity, so its scores say by how much more than others this "
        f"user likes a movie. Ranked by them alone, the nDCG@10 is {without:.3f} on the first "
        f"split; with the logarithm of the popularity put back it is {put_back:.3f}."
    )
