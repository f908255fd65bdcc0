"""The computed sentences of chapter 03.

`gains` is what `compare.compare_models` gives for pairs of a model without a part and bst.best,
`leak_gains` for the pairs of `LEAK_PAIRS`, `choices` what `compare.compare_epochs` gives.
"""

from collections.abc import Sequence

import pandas as pd

from reelbook.report.sentences.phrases import give_interval, list_rows

WHOLE = " → bst.best"
# Sealed beyond thinned is the leak; thinned beyond none is having fewer windows.
LEAK_PAIRS = [("sealed", "thinned"), ("none", "thinned")]
DAY = 24 * 60 * 60  # seconds


def list_glued(
    board: pd.DataFrame,
    choices: pd.DataFrame,
    leak_gains: pd.DataFrame,
    gains: pd.DataFrame,
    *,
    leak_share: float,
) -> dict[str, str]:
    """What the page says of its results in its text, by the name under which it is glued.

    Args:
        board: as `compare.estimate_models` gives it, best first.
        choices: see above.
        leak_gains: see above.
        gains: see above.
        leak_share: of the test targets whose rating the model learns from.
    """
    best = board.iloc[0]
    at_best = choices.set_index("model")["best test epoch"]
    sealed = leak_gains.set_index("name").loc["sealed → thinned"]
    return {
        "best_rmse": f"{best['value']:.3f}",
        "best_interval": f"{best['low']:.3f} to {best['high']:.3f}",
        "base_rmse": f"{at_best['bst.base']:.3f}",
        "tuned_rmse": f"{at_best['bst.tuned']:.3f}",
        "leak_share": f"{leak_share:.0%}",
        "leak_effect": f"{sealed['value']:+.3f}",
        "leak_interval": f"{sealed['low']:+.3f} to {sealed['high']:+.3f}",
        "order_verdict": judge_order(gains),
    }


def list_conditions(
    ratings: pd.DataFrame, *, num_folds: int, num_seeds: int, ablation_folds: Sequence[int]
) -> dict[str, str]:
    """What the page says of how it was measured, by the name under which it is glued.

    Args:
        ratings: of the data set.
        num_folds: of protocol `official`.
        num_seeds: of protocol `source`.
        ablation_folds: of study `ablation`.
    """
    times = ratings.groupby("user_id")["timestamp"]
    tied = ratings.duplicated(["user_id", "timestamp"], keep=False)
    folds = f"{'fold' if len(ablation_folds) == 1 else 'folds'} "
    return {
        "num_folds": str(num_folds),
        "num_seeds": str(num_seeds),
        "ablation_folds": folds + ", ".join(map(str, ablation_folds)),
        "one_day": f"{(times.max() - times.min() < DAY).mean():.0%}",
        "tied": f"{tied.mean():.0%}",
    }


def judge_order(gains: pd.DataFrame) -> str:
    """Whether the order of the past ratings helps, by the models that do not see it."""
    without = {
        f"bst.shuffled{WHOLE}": "with a shuffled past",
        f"bst.no_positions{WHOLE}": "without positions",
    }
    found = {row.name: row for row in list_rows(gains)}
    rows = [(words, found[name]) for name, words in without.items() if name in found]
    if not rows:
        return "The order of the ratings was not put to the test in this run."
    if all(row.clear and row.value > 0 for _, row in rows):
        words, row = rows[0]
        return (
            "The order of the past ratings helps by more than chance: "
            f"{words} the error rises by {row.value:.4f} stars."
        )
    for words, row in rows:
        if row.clear and row.value < 0:
            return (
                "The order of the past ratings does not help: "
                f"{words} the error falls by {-row.value:.4f} stars, by more than chance."
            )
    return "The effect of the order of the past ratings is indistinguishable from chance."


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
        "The document says that its tuned model did not overfit. From the chosen to the last epoch "
        f"the validation error of `bst.tuned` moves by **{change['bst.tuned']:+.4f}** stars; at "
        f"the chosen epoch it lies {gap:+.3f} from the training error, which is measured with "
        f"dropout on. `bst.best` moves by {change['bst.best']:+.4f}."
    )


def describe_tuning(choices: pd.DataFrame) -> str:
    """By how much the document's tuned model differs from its baseline, and seeds among them."""
    at_best = choices.set_index("model")["best test epoch"]
    return (
        "From the baseline to the tuned model the error changes by "
        f"**{at_best['bst.tuned'] - at_best['bst.base']:+.3f}** stars here; the seeds of one model "
        f"differ by up to {choices['range over seeds'].max():.3f}. The two have test sets of "
        "different size, as in the document."
    )


def describe_leak(leak_gains: pd.DataFrame, *, leak_share: float) -> str:
    """What the overlap of the windows does to the test error."""
    rows = {row.name: row for row in list_rows(leak_gains)}
    sealed, thinned = rows["sealed → thinned"], rows["none → thinned"]
    return (
        f"With **{leak_share:.1%}** of its targets' ratings seen in training, the document's split "
        f"leaks. Sealed against thinned the error changes by {sealed.value:+.4f} stars "
        f"({give_interval(sealed)}); having fewer windows costs {-thinned.value:+.4f}. The model "
        "knows no user ids, so it can hardly tell whose rating it has seen: the split is wrong, "
        "and whether it flatters depends on the model."
    )


def describe_board(board: pd.DataFrame, *, num_folds: int) -> str:
    """The figure of our model on the official folds."""
    best = board.iloc[0]
    return (
        f"`bst.best` comes to **{best['value']:.4f}** ({best['low']:.4f} to {best['high']:.4f}) "
        f"over {num_folds} {'fold' if num_folds == 1 else 'folds'}. All models on these rows "
        "stand under results."
    )


def describe_same_rows(apart: pd.DataFrame) -> str:
    """Transformers against matrix factorisation on the same rows.

    Args:
        apart: as `compare.compare_models` gives it for pairs of a transformer and its rival.
    """
    sentences = []
    for row in list_rows(apart):
        first, second = row.name.split(" → ")
        more = "more" if row.value > 0 else "less"
        sentences.append(
            f"`{first}` errs by **{abs(row.value):.4f}** stars {more} than `{second}` "
            f"(difference {give_interval(row)})"
        )
    return f"On the same rows {'; '.join(sentences)}."


def describe_ablation(gains: pd.DataFrame) -> str:
    """The rise of the error without each part, and what that says of the order."""
    rises = [
        f"`{row.name.removesuffix(WHOLE)}`: {row.value:+.4f} ({give_interval(row)})"
        for row in list_rows(gains)
    ]
    return " ".join([f"{'; '.join(rises)}."] * bool(rises) + [judge_order(gains)])


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
        f"*{row.title}* ({row.stars:.0f} {'star' if row.stars == 1 else 'stars'}, {row.weight:.1%})"
        for row in list_rows(past.nlargest(3, "weight"))
    ]
    looks = (
        f"Of {len(past)} past {'rating' if len(past) == 1 else 'ratings'} it looks most at "
        f"{', '.join(top)}; {own_weight:.1%} of the attention stays with the target itself."
    )
    stars = predicted["rating"]
    return (
        f"User {predicted['user_id']:.0f} gave *{target}* **{stars:.0f} "
        f"{'star' if stars == 1 else 'stars'}**; the model predicts "
        f"**{predicted['prediction']:.2f}**. {looks if top else 'There is no past to look at.'}"
    )


def describe_attention(average: pd.DataFrame) -> str:
    """Whether the latest ratings get more attention, from `attention.average_attention`."""
    by_place = average.groupby("place")["weight"].mean()
    if by_place.empty:
        return "No test row has a full past in these data."
    return (
        "Over all test rows of the fold with a full past, the latest rating gets "
        f"{by_place.iloc[0]:.1%} of the attention and the oldest {by_place.iloc[-1]:.1%}; on "
        f"average a place gets {by_place.mean():.1%}."
    )
