"""The computed sentences of chapter 02."""

import pandas as pd

from reelbook.report.sentences.phrases import (
    give_bounds,
    give_estimate,
    give_range,
    give_scope,
    list_rows,
    make_list,
    quote_models,
    tell_fall,
)
from reelbook.report.tables import DOCUMENT_MODELS

# What the second model of a pair has that the first one lacks.
STEPS = {
    ("mf.dot", "mf.sigmoid"): "The sigmoid",
    ("mf.dot", "mf.mlp"): "A dense layer with dropout in place of the dot product",
    ("mf.unregularised", "mf.biased"): "The penalty",
    ("mf.dot", "mf.biased"): "Mean, biases and penalty together",
    ("mf.biased", "mf.implicit"): "Implicit feedback (who rated what)",
}


def answer(board: pd.DataFrame, *, num_folds: int) -> str:
    """The short answer of the chapter.

    Args:
        board: as `compare.estimate_models` gives it, best first.
        num_folds: of protocol `official`.
    """
    best, document = board.iloc[0], _find_best_of_document(board)
    others = [
        f"The best of the document's models, `{document['name']}`, has {document['value']:.3f}"
    ]
    if best["name"] != "mf.biased":
        biased = _get_rmse(board, "mf.biased")
        others.append(f"`mf.biased`, with biases and a tuned penalty, has {biased:.3f}")
    return (
        f"**In short.** Of the models in this chapter, `{best['name']}` predicts best: its test "
        f"RMSE is {give_estimate(best, unit=' stars')}, {give_scope(num_folds, 'fold')}. "
        f"{'; '.join(others)}."
    )


def describe_batches(gains: pd.DataFrame) -> str:
    """What it costs that batches grow with the ratings.

    Args:
        gains: as `compare.compare_batches` gives them.
    """
    told = make_list(
        f"`{row.name}`, {row.larger:,} ratings in a batch in place of {row.usual:,}: the error "
        f"{tell_fall(row)}."
        for row in list_rows(gains)
    )
    return (
        "Each step updates whole tables, so on many ratings the batches grow until an epoch has "
        f"at most {gains['steps'].iloc[0]:,} steps, and the learning rate grows with the square "
        f"root of the batch. On one fold, larger batches beside the usual ones:\n\n{told}"
    )


def describe_stops(histories: pd.DataFrame, moved: pd.DataFrame) -> str:
    """Which epochs validation chose, and which model overfits most after them.

    Args:
        histories: as `compare.join_histories` gives them.
        moved: as `compare.measure_overfitting` gives it.
    """
    stops = [
        f"`{model}` {', '.join(str(epoch) for epoch in sorted(found.unique()))}"
        for model, found in histories.groupby("model", sort=False)["best_epoch"]
    ]
    chosen = f"Epochs chosen by validation: {'; '.join(stops)}."
    rising = moved[moved["validation"] > 0]
    if rising.empty:
        return f"{chosen} By the last epoch no validation error had risen."
    most = rising.nlargest(1, "validation").iloc[0]
    return (
        f"{chosen} After its chosen epoch `{most['model']}` overfits most: by its last epoch the "
        f"training error has changed by {most['train']:+.3f} stars and the validation error by "
        f"{most['validation']:+.3f}."
    )


def describe_choices(choices: pd.DataFrame) -> str:
    """The models at their best test epoch, and by how much choosing it on test rows flatters.

    Args:
        choices: as `compare.compare_epochs` gives it.
    """
    best = choices["best test epoch"]
    order = choices.sort_values("best test epoch", kind="stable")["model"]
    spread = choices["range over seeds"].max()
    seeds = (
        f"; two seeds of one model, each with its own test set, differ by up to {spread:.4f}"
        if spread > 0
        else ""
    )
    return (
        f"At the best test epoch the order from best to worst is {', '.join(quote_models(order))}. "
        "Choosing the epoch on test rows makes the models look better by "
        f"{give_range(choices['chosen epoch'] - best)} stars. The best model and the worst differ "
        f"by {best.max() - best.min():.4f}{seeds}."
    )


def describe_board(board: pd.DataFrame, *, num_folds: int) -> str:
    """The best model and the best of the document, on the same rows.

    Args:
        board: as `compare.estimate_models` gives it, best first.
        num_folds: how many folds were run.
    """
    best, document = board.iloc[0], _find_best_of_document(board)
    if num_folds == 1:
        return f"Only one fold was run: `{best['name']}` has **{best['value']:.4f}** there."
    return (
        f"`{best['name']}` leads with **{best['value']:.4f}** ({give_bounds(best, digits=4)}); the "
        f"best of the document's models, `{document['name']}`, has {document['value']:.4f}. The "
        f"standard deviation over folds is {give_range(board['sd'])}, depending on the model."
    )


def describe_steps(gains: pd.DataFrame) -> str:
    """A list: what each step does to the error.

    Args:
        gains: as `compare.compare_models` gives it for the pairs of `STEPS`.
    """
    words = {f"{first} → {second}": step for (first, second), step in STEPS.items()}
    return make_list(f"{words[row.name]}: the error {tell_fall(row)}." for row in list_rows(gains))


def describe_rare_movies(by_movie: pd.DataFrame, board: pd.DataFrame) -> str:
    """How the best model errs on rare and on common movies, and what a movie never seen costs.

    Args:
        by_movie: as `compare.measure_error_by_count` gives it for movies.
        board: as `compare.estimate_models` gives it, best first.
    """
    best = board["name"].iloc[0]
    own = by_movie[by_movie["model"] == best]
    rare, common, num_rows = own.iloc[0], own.iloc[-1], own["rows"].sum()
    text = (
        f"`{best}` has an RMSE of {rare['rmse']:.3f} stars on movies with {rare['seen']} training "
        f"ratings ({rare['rows']:,} of {num_rows:,} rows), and of {common['rmse']:.3f} on those "
        f"with {common['seen']}."
    )
    unseen = by_movie[(by_movie["seen"] == "0") & (by_movie["model"] == "mf.dot")]
    if unseen.empty:
        return text
    share, error = unseen["rows"].iloc[0] / num_rows, unseen["rmse"].iloc[0]
    whole = _get_rmse(board, "mf.dot")
    cost = share * (error**2 - whole**2) / (2 * whole)  # of a square root, to first order
    return (
        f"{text}\n\n{share:.2%} of the test rows are of movies without any training rating. There "
        f"`mf.dot` predicts 0 stars, for want of a mean to fall back on, with an RMSE of "
        f"{error:.2f}; that alone adds about {cost:.4f} to its total RMSE."
    )


def _find_best_of_document(board: pd.DataFrame) -> pd.Series:
    return board[board["name"].isin(DOCUMENT_MODELS)].iloc[0]


def _get_rmse(board: pd.DataFrame, model: str) -> float:
    return float(board.set_index("name")["value"][model])
