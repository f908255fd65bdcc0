"""The computed sentences of chapter 02."""

import pandas as pd

from reelbook.report.sentences.phrases import (
    give_range,
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
    ("mf.dot", "mf.biased"): "The mean, the biases and the penalty together",
    ("mf.biased", "mf.implicit"): "Which movies a user rated, whatever the rating",
}


def list_glued(board: pd.DataFrame, *, num_folds: int, num_seeds: int) -> dict[str, str]:
    """What the page says in its text, by the name under which it is glued.

    Args:
        board: as `compare.estimate_models` gives it, best first.
        num_folds: of protocol `official`.
        num_seeds: of protocol `source`.
    """
    best, document = board.iloc[0], _find_best_of_document(board)
    return {
        "best_model": best["name"],
        "best_rmse": f"{best['value']:.3f}",
        "best_interval": f"{best['low']:.3f} to {best['high']:.3f}",
        "biased_rmse": f"{_get_rmse(board, 'mf.biased'):.3f}",
        "document_model": document["name"],
        "document_rmse": f"{document['value']:.3f}",
        "num_folds": str(num_folds),
        "num_seeds": str(num_seeds),
    }


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
        return f"{chosen} No validation error had risen by the last epoch trained."
    most = rising.nlargest(1, "validation").iloc[0]
    return (
        f"{chosen} From there to the last epoch trained, `{most['model']}` overfits most: its "
        f"training error moves by {most['train']:+.3f} stars and its validation error by "
        f"{most['validation']:+.3f}."
    )


def describe_choices(choices: pd.DataFrame) -> str:
    """The models at their best test epoch, and by how much choosing it on test rows flatters.

    Args:
        choices: as `compare.compare_epochs` gives it.
    """
    best = choices["best test epoch"]
    order = choices.sort_values("best test epoch", kind="stable")["model"]
    return (
        f"From best to worst at the best test epoch: {', '.join(quote_models(order))}. Choosing "
        f"the epoch on test rows flatters by {give_range(choices['chosen epoch'] - best)} stars. "
        f"The means over seeds lie {best.max() - best.min():.4f} apart, while the seeds of one "
        "model, each with a test set of its own, differ by up to "
        f"{choices['range over seeds'].max():.4f}."
    )


def describe_board(board: pd.DataFrame, *, num_folds: int) -> str:
    """The best model, the careful simple one and the best of the document, on the same rows.

    Args:
        board: as `compare.estimate_models` gives it, best first.
        num_folds: how many folds were run.
    """
    best, document = board.iloc[0], _find_best_of_document(board)
    first = f"`{best['name']}` comes to **{best['value']:.4f}**"
    if num_folds == 1:
        return f"{first} on the only fold that was run."
    return (
        f"{first} ({best['low']:.4f} to {best['high']:.4f}), `mf.biased` to "
        f"{_get_rmse(board, 'mf.biased'):.4f}. Of the document's models `{document['name']}` is "
        f"best with {document['value']:.4f}. The standard deviation over folds is "
        f"{give_range(board['sd'])}, depending on the model."
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
        f"`{best}` errs by {rare['rmse']:.3f} stars on movies with {rare['seen']} training ratings "
        f"({rare['rows']:,} of {num_rows:,} rows) and by {common['rmse']:.3f} on those with "
        f"{common['seen']}."
    )
    unseen = by_movie[(by_movie["seen"] == "0") & (by_movie["model"] == "mf.dot")]
    if unseen.empty:
        return text
    share, error = unseen["rows"].iloc[0] / num_rows, unseen["rmse"].iloc[0]
    whole = _get_rmse(board, "mf.dot")
    cost = share * (error**2 - whole**2) / (2 * whole)  # of a square root, to first order
    return (
        f"{text}\n\n{share:.2%} of the test rows are of movies without any training rating. "
        f"`mf.dot` knows nothing about them, predicts 0 stars and errs by {error:.2f}; that alone "
        f"adds about {cost:.4f} to its RMSE. A mean is a safety net."
    )


def _find_best_of_document(board: pd.DataFrame) -> pd.Series:
    return board[board["name"].isin(DOCUMENT_MODELS)].iloc[0]


def _get_rmse(board: pd.DataFrame, model: str) -> float:
    return float(board.set_index("name")["value"][model])
