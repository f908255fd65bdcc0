"""The computed sentences of chapter 03.

`gains` is what `compare.compare_models` gives for pairs of a model without a part and bst.best,
`leak_gains` for the pairs of `LEAK_PAIRS`, `choices` what `compare.compare_epochs` gives.
"""

import pandas as pd

from reelbook.data.names import count
from reelbook.report.sentences.phrases import (
    INDISTINGUISHABLE,
    give_bounds,
    give_estimate,
    give_interval,
    give_scope,
    give_size,
    give_stars,
    join_words,
    list_rows,
    make_list,
)

WHOLE = " → bst.best"
# If sealed is worse than thinned, the leak helped; if thinned is worse than none, data were missed.
LEAK_PAIRS = [("sealed", "thinned"), ("none", "thinned")]
DAY = 24 * 60 * 60  # seconds


def answer(
    board: pd.DataFrame,
    choices: pd.DataFrame,
    leak_gains: pd.DataFrame,
    gains: pd.DataFrame,
    *,
    leak_share: float,
    num_folds: int,
    num_seeds: int,
) -> str:
    """The short answer of the chapter.

    Args:
        board: as `compare.estimate_models` gives it, best first.
        choices: see above.
        leak_gains: see above.
        gains: see above.
        leak_share: of the test targets whose rating the model learns from.
        num_folds: of protocol `official`.
        num_seeds: of protocol `source`.
    """
    best = board.iloc[0]
    at_best = choices.set_index("model")["best test epoch"]
    return (
        f"**In short.** Our transformer `{best['name']}` has a test RMSE of "
        f"{give_estimate(best, unit=' stars')}, {give_scope(num_folds, 'fold')} of `official`. "
        f"{judge_order(gains)} In the document's own setting its baseline has "
        f"{at_best['bst.base']:.3f} and its tuned model {at_best['bst.tuned']:.3f} at the best "
        f"test epoch, {give_scope(num_seeds, 'seed')}. The document's split leaks: the ratings of "
        f"{leak_share:.0%} of its test targets stand in windows that the model learns from. "
        f"{_tell_leak(leak_gains)}"
    )


def describe_ties(ratings: pd.DataFrame) -> str:
    """How many ratings have no order of their own, and how many users came for one day."""
    times = ratings.groupby("user_id")["timestamp"]
    tied = ratings.duplicated(["user_id", "timestamp"], keep=False)
    return (
        f"{tied.mean():.0%} of all ratings share their second with another one of the same user, "
        f"and {(times.max() - times.min() < DAY).mean():.0%} of the users gave all their ratings "
        "within a day."
    )


def judge_order(gains: pd.DataFrame) -> str:
    """Whether the order of the past ratings helps, by the models that do not see it."""
    without = {
        f"bst.shuffled{WHOLE}": "with a shuffled past",
        f"bst.no_positions{WHOLE}": "without positions",
    }
    found = {row.name: row for row in list_rows(gains)}
    rows = [(words, found[name]) for name, words in without.items() if name in found]
    if not rows:
        return "This run did not test whether the order of the ratings helps."
    helps = [(words, row) for words, row in rows if row.clear and row.value > 0]
    if len(helps) == len(rows):
        words, row = rows[0]
        return f"The order of the past ratings helps: {words} the error rises by {give_size(row)}."
    for words, row in rows:
        if row.clear and row.value < 0:
            return (
                f"The order of the past ratings does not help: {words} the error falls by "
                f"{give_size(row)}."
            )
    if helps:
        words, row = helps[0]
        other = next(words for words, row in rows if not row.clear)
        return (
            f"It stays open whether the order of the past ratings helps: {words} the error rises "
            f"by {give_size(row)}; {other} the change is {INDISTINGUISHABLE}."
        )
    return f"The effect of the order of the past ratings is {INDISTINGUISHABLE}."


def describe_overfitting(histories: pd.DataFrame, moved: pd.DataFrame) -> str:
    """Whether the document's tuned model overfits, as the document denies, and whether ours does.

    Args:
        histories: as `compare.join_histories` gives them.
        moved: as `compare.measure_overfitting` gives it.
    """
    tuned = histories.query("model == 'bst.tuned' and epoch == best_epoch")
    gap = (tuned["validation_rmse"] - tuned["train_rmse"]).mean()
    change = moved.set_index("model")["validation"]
    return (
        "The document says that its tuned model does not overfit. Between the chosen and the last "
        f"epoch the validation error of `bst.tuned` changes by **{change['bst.tuned']:+.4f}** "
        f"stars; at the chosen epoch it lies {abs(gap):.3f} {'above' if gap > 0 else 'below'} the "
        "training error, which is measured with dropout on. The validation error of `bst.best` "
        f"changes by {change['bst.best']:+.4f}."
    )


def describe_tuning(choices: pd.DataFrame) -> str:
    """By how much the document's tuned model differs from its baseline, and seeds among them."""
    at_best = choices.set_index("model")["best test epoch"]
    change = at_best["bst.tuned"] - at_best["bst.base"]
    side, spread = "above" if change > 0 else "below", choices["range over seeds"].max()
    seeds = f"; two seeds of one model differ by up to {spread:.3f}" if spread > 0 else ""
    return (
        f"The tuned model's error is **{abs(change):.3f}** stars {side} the baseline's{seeds}. As "
        "in the document, the two models have test sets of different sizes."
    )


def describe_leak(leak_gains: pd.DataFrame) -> str:
    """What the overlap of the windows does to the test error."""
    thinned = {row.name: row for row in list_rows(leak_gains)}["none → thinned"]
    change = "lowers" if thinned.value > 0 else "raises"
    return (
        f"{_tell_leak(leak_gains)} Dropping as many windows at random {change} the error by "
        f"{give_size(thinned)}. `bst.base` has no user ids, so it can hardly tell whose rating it "
        "has seen. The split is wrong; whether it makes a model look better depends on the model."
    )


def _tell_leak(leak_gains: pd.DataFrame) -> str:
    sealed = {row.name: row for row in list_rows(leak_gains)}["sealed → thinned"]
    change = "raises" if sealed.value > 0 else "lowers"
    return (
        f"Sealing the leak {change} the error by {give_size(sealed)}, compared with dropping as "
        "many windows at random."
    )


def describe_board(board: pd.DataFrame, *, num_folds: int) -> str:
    """The figure of our model on the official folds."""
    best = board.iloc[0]
    return (
        f"`bst.best` has a test RMSE of **{best['value']:.4f}** stars "
        f"({give_bounds(best, digits=4)}), {give_scope(num_folds, 'fold')}."
    )


def describe_same_rows(apart: pd.DataFrame) -> str:
    """A list: transformers against matrix factorisation on the same rows.

    Args:
        apart: as `compare.compare_models` gives it for pairs of a transformer and its rival.
    """
    sentences = []
    for row in list_rows(apart):
        first, second = row.name.split(" → ")
        side = "above" if row.value > 0 else "below"
        sentences.append(f"The error of `{first}` lies {give_size(row)} {side} that of `{second}`.")
    return make_list(sentences)


def describe_ablation(gains: pd.DataFrame) -> str:
    """The rise of the error without each part, and what that says of the order."""
    rises = [
        f"`{row.name.removesuffix(WHOLE)}`: {row.value:+.4f} stars (95% interval "
        f"{give_interval(row)})."
        for row in list_rows(gains)
    ]
    told = f"Change of the error without each part:\n\n{make_list(rises)}\n\n" if rises else ""
    return told + judge_order(gains)


def describe_example(
    past: pd.DataFrame, predicted: pd.Series, target: str, *, own_weight: float
) -> str:
    """One prediction and the past ratings that it looks at.

    Args:
        past: as `attention.describe_past` gives it.
        predicted: the row of the run's predictions.
        target: name of the movie.
        own_weight: share of the attention that stays with the target.
    """
    top = [
        f"*{row.title}* ({give_stars(row.stars)}, {row.weight:.1%})"
        for row in list_rows(past.nlargest(3, "weight"))
    ]
    looks = (
        f"Of {count(len(past), 'past rating')} it looks most at {join_words(top)}; "
        f"{own_weight:.1%} of the attention stays with the target itself."
    )
    stars = give_stars(predicted["rating"])
    return (
        f"User {predicted['user_id']:.0f} gave *{target}* **{stars}**; the model predicts "
        f"**{predicted['prediction']:.2f}**. {looks if top else 'There is no past to look at.'}"
    )


def describe_attention(average: pd.DataFrame) -> str:
    """Whether the latest ratings get more attention, from `attention.average_attention`."""
    by_place = average.groupby("place")["weight"].mean()
    if by_place.empty:
        return "No test row has a full past in these data."
    return (
        "Averaged over the fold's test rows with a full past, the latest rating gets "
        f"{by_place.iloc[0]:.1%} of the attention and the oldest {by_place.iloc[-1]:.1%}; the "
        f"average place gets {by_place.mean():.1%}."
    )
