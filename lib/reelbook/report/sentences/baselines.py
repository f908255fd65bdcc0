"""The computed sentences of the chapter on baselines."""

import pandas as pd

from reelbook.data.names import count
from reelbook.report.sentences.phrases import (
    give_estimate,
    give_scope,
    join_words,
    list_rows,
    make_list,
    quote_models,
    tell_fall,
)

# What each step adds to a model, by the pair of models that differ in it.
STEPS = {
    ("baseline.biases", "baseline.knn"): "Neighbours beyond biases",
    ("baseline.biases", "baseline.svd"): "Factors beyond biases",
    ("baseline.svd", "baseline.svdpp"): "The list of rated movies, in SVD++",
    ("baseline.svd", "bayes.mf"): "Averaging over draws of the weights",
    ("bayes.mf", "bayes.timesvd"): "Days, the list of rated movies and side features",
}


def answer(board: pd.DataFrame, lists: pd.DataFrame, *, num_folds: int, num_seeds: int) -> str:
    """The short answer of the chapter.

    Args:
        board: the rating models, best first, as `leaderboards.make_rating_board` gives them.
        lists: the ranking models on `stratified`, best first.
        num_folds: of protocol `official`.
        num_seeds: of protocol `stratified`.
    """
    best, ranker = board.iloc[0], lists.iloc[0]
    rmse, ndcg = (table.set_index("name")["value"] for table in (board, lists))
    return (
        "**In short.** The mean of all ratings has a test RMSE of "
        f"{rmse['baseline.mean']:.3f} stars; biases of users and movies have "
        f"{rmse['baseline.biases']:.3f}. The best of the simple rating models, `{best['name']}`, "
        f"has {give_estimate(best)}, {give_scope(num_folds, 'fold')}. Of the simple models that "
        f"rank, `{ranker['name']}` leads on `stratified` with an nDCG@10 of "
        f"{give_estimate(ranker)}, {give_scope(num_seeds, 'split')}; popularity has "
        f"{ndcg['topn.popularity']:.3f}."
    )


def describe_gains(gains: pd.DataFrame) -> str:
    """What each of STEPS brings, an item a step.

    Args:
        gains: of `compare.compare_models` over those of STEPS whose models were trained.
    """
    names = {" → ".join(pair): name for pair, name in STEPS.items()}
    told = make_list(f"{names[row.name]}: the error {tell_fall(row)}." for row in list_rows(gains))
    return f"From one model to the next, on the same rows and for the same users:\n\n{told}"


def describe_references(references: pd.DataFrame) -> str:
    """How many published figures are reached on the same rows.

    Args:
        references: as `documents.compare_references` gives them.
    """
    if references.empty:
        return "No figures are published for these data."
    same = references.dropna(subset="within")
    if same.empty:
        return "No published figure comes from the same rows."
    held = same["difference"].abs() <= same["within"]
    text = (
        f"Of {count(len(same), 'published figure')} from the same rows, {held.sum()} "
        f"{'is' if held.sum() == 1 else 'are'} reached within the tolerated difference"
    )
    missed = [f"`{row.model}` ({row.figure})" for row in list_rows(same[~held])]
    return f"{text}; not reached: {join_words(missed)}." if missed else f"{text}."


def describe_order(boards: dict[str, pd.DataFrame]) -> str:
    """Which models are indistinguishable from the first on `stratified`, and who leads where.

    Args:
        boards: protocol to its board, best first, as `leaderboards.make_ranking_board` gives it.
    """
    best, *others = list_rows(boards["stratified"])
    leaders = [f"`{board['name'].iloc[0]}` on `{name}`" for name, board in boards.items()]
    leaders[0] = leaders[0].replace(" on ", " leads on ")
    first = f"Of the models in this chapter, {join_words(leaders)}."
    if not others:
        return first
    if tied := quote_models(row.name for row in others if not row.clear):
        are = "is" if len(tied) == 1 else "are"
        return (
            f"{first} On `stratified`, {join_words(tied)} {are} statistically indistinguishable "
            f"from `{best.name}`."
        )
    return f"{first} On `stratified`, all other models are clearly behind `{best.name}`."


def describe_bpr(without: float, put_back: float) -> str:
    """What the popularity in BPR's negatives costs its lists, as nDCG@10."""
    return (
        "`topn.bpr` depends on a detail of its package, which samples negatives in proportion to "
        "their popularity, so its scores say how much more than others this user likes a movie. "
        "Ranked by these scores alone, the nDCG@10 on the first "
        f"split of `stratified` is {without:.3f}; with the logarithm of popularity added back, it "
        f"is {put_back:.3f}."
    )
