"""The computed sentences of chapter 04.

`ends` is what `compare.compare_ends` gives; gains are what `compare.compare_models` gives.
"""

from collections.abc import Sequence

import pandas as pd

from reelbook.report.inside.importance import correlate_ranks
from reelbook.report.sentences.phrases import (
    give_interval,
    give_range,
    join_words,
    list_rows,
    make_list,
    quote_models,
)

NAMED_PAIR = "movie_id x user_id"  # the document says that it has the largest weights


def list_glued(
    board: pd.DataFrame, ends: pd.DataFrame, by_seed: pd.DataFrame, measures: pd.DataFrame
) -> dict[str, str]:
    """What the page says of its results in its text, by the name under which it is glued.

    Args:
        board: as `compare.estimate_models` gives it, best first.
        ends: see above.
        by_seed: norm of each pair's cross weights, a row a pair, a column a seed.
        measures: a row a feature; the columns `permuted` and `left out` are in stars.
    """
    rmse = board.set_index("name")["value"]
    document = rmse.drop("dcn.best")
    return {
        "best_rmse": f"{rmse['dcn.best']:.3f}",
        "document_rmse": f"{document.min():.3f}",
        "document_model": str(document.idxmin()),
        "last_order": ", ".join(_order(ends, "last epoch")),
        "chosen_order": ", ".join(_order(ends, "chosen epoch")),
        "top_pair": str(by_seed.mean(axis=1).idxmax()),
        "same_top": f"{by_seed.idxmax().value_counts(normalize=True).max():.0%}",
        "top_permuted": str(measures["permuted"].idxmax()),
        "top_left_out": str(measures["left out"].idxmax()),
    }


def list_seconds(by_rank: pd.DataFrame) -> dict[str, str]:
    """What the page says of training times, by the name under which it is glued.

    Args:
        by_rank: rank and seconds of each network; the one with the full matrix has the highest.
    """
    *_, less, full = list_rows(by_rank.sort_values("rank"))
    return {
        "seconds_full": f"{full.seconds:.0f}",
        "seconds_quarter": f"{less.seconds:.0f}",
        "highest_rank": str(less.rank),
    }


def describe_features(*, has_credits: bool) -> str:
    """What director and star of a movie are, where the data set has a film graph."""
    if not has_credits:
        return "This data set has no film graph: **director and star are left out**."
    return (
        "Director and star are identifiers from a film graph. Of several people the one with most "
        "films in the graph counts, the first in the order of text among equals; a movie without "
        "one falls on the unknown row of its feature, as does what training never saw."
    )


def describe_ends(ends: pd.DataFrame, gains: pd.DataFrame) -> str:
    """What training to the end costs, and whether the order of the networks outlives it.

    Args:
        ends: see above.
        gains: of pairs of the document's networks, at the chosen epoch.
    """
    last, chosen = (_order(ends, column) for column in ("last epoch", "chosen epoch"))
    cost = give_range(ends["last epoch"] - ends["chosen epoch"], digits=3)
    order = f"Stopped by validation the order is the same: {', '.join(quote_models(chosen))}."
    if last != chosen:
        order = (
            f"Stopped by validation the order is another: {', '.join(quote_models(chosen))} in "
            f"place of {', '.join(quote_models(last))}."
        )
    sentences = (
        f"{row.name}: {row.value:+.4f} ({give_interval(row)})." for row in list_rows(gains)
    )
    return (
        f"Training to the end costs {cost} stars. {order} By how much the second of two lies below "
        f"the first there, on the same rows, with 95% interval:\n\n{make_list(sentences)}"
    )


def describe_pairs(by_seed: pd.DataFrame, agreement: dict[str, float]) -> str:
    """The rank of the pair that the document names, and how far the seeds agree on the ranks.

    Args:
        by_seed: norm of each pair's cross weights, a row a pair, a column a seed.
        agreement: as `importance.measure_agreement` gives it.
    """
    place = by_seed.mean(axis=1).rank(ascending=False, method="min")[NAMED_PAIR]
    by_training = by_seed.rank(ascending=False, method="min").loc[NAMED_PAIR].astype(int)
    return (
        f"The pair that the document names, user and movie, has rank **{place:.0f}** of "
        f"{len(by_seed)} in the mean, and {', '.join(map(str, by_training))} in the seeds. Two "
        "seeds rank the pairs alike with a correlation of "
        f"{agreement['correlation']:.2f} (Spearman, mean over pairs of seeds); "
        f"{agreement['same_top']:.0%} of the seeds share the most common first pair."
    )


def describe_measures(measures: pd.DataFrame, left_out: pd.DataFrame, *, noise: float) -> str:
    """In which order three measures put the features, and which features cannot be left out.

    Args:
        measures: a row a feature, a column a measure.
        left_out: gain of the full network over the one without each feature, as `measures` orders
            them.
        noise: range of the test RMSE over trainings that differ in the seed only.
    """
    orders = {name: _order_features(measures[name]) for name in measures}
    told = [f"{name}: {', '.join(order)}" for name, order in orders.items()]
    agree = all(order == orders["permuted"] for order in orders.values())
    short = {"norm of the weights": "weights", "permuted": "permutation", "left out": "leaving out"}
    ranks = correlate_ranks(measures)
    correlations = [
        f"{words} and {short[other]} {ranks[name][other]:+.2f}"
        for place, (name, words) in enumerate(short.items())
        for other in list(short)[place + 1 :]
        if pd.notna(ranks[name][other])
    ]
    missed = measures.index[(left_out["clear"] & (left_out["value"] > noise)).to_numpy()]
    verdict = (
        f"More than that, and beyond the interval, is lost without {join_words(list(missed))}."
        if len(missed)
        else "No feature is missed by more than that: the others stand in for each."
    )
    return (
        f"From most to least important. {'. '.join(told)}. "
        f"{'The three agree.' if agree else 'The three **disagree**.'} "
        f"{_say_correlations(correlations)}Trainings of the whole network that differ in the seed "
        f"only spread by {noise:.4f}. {verdict}"
    )


def describe_scales(scales: pd.Series, measures: pd.DataFrame) -> str:
    """Why the norms of the weights mislead.

    Args:
        scales: root mean square of each feature's embeddings.
        measures: a row a feature; the column `norm of the weights` is used.
    """
    ranks = correlate_ranks(pd.DataFrame({"w": measures["norm of the weights"], "s": scales}))
    relation = ranks["w"]["s"]
    correlation = (
        ""
        if pd.isna(relation)
        else ", and the rank correlation of their size with the norm of the weights is "
        f"{relation:+.2f}"
    )
    return (
        "Why the norms mislead: what reaches the prediction is embedding times weight times "
        f"embedding. The embeddings of {scales.idxmax()} are {scales.max() / scales.min():.1f} "
        f"times as large as those of {scales.idxmin()}{correlation}. Doubling an embedding and "
        "halving its weights leaves every product as it was, but changes the norm. Weights between "
        "features that say the same, such as the user and his or her zip code, are shared out by "
        "chance, and a dense layer behind the cross layer may undo any of them. Where another "
        "feature can stand in, leaving one out costs little although permuting it hurts."
    )


def describe_ranks(
    gains: pd.DataFrame, ranks: Sequence[int], *, num_inputs: int, noise: float
) -> str:
    """By how much the full cross weights beat those of the highest and of the lowest rank.

    Args:
        gains: of the full network over that of each of `ranks`.
        ranks: of the cross weights.
        num_inputs: the full rank.
        noise: range of the test RMSE over trainings that differ in the seed only.
    """
    by_rank = dict(zip(ranks, list_rows(gains), strict=True))
    highest, lowest = max(ranks), min(ranks)
    text = (
        f"Against rank {highest} of {num_inputs} the full matrix lowers the error by "
        f"{by_rank[highest].value:+.4f} stars (95% interval {give_interval(by_rank[highest])})"
    )
    if lowest < highest:
        text += f", against rank {lowest} by {by_rank[lowest].value:+.4f}"
    return f"{text}. Seeds alone spread by {noise:.4f}."


def describe_board_gains(gains: pd.DataFrame) -> str:
    """Whether the cross layer pays on the official folds, and what ours adds."""
    rows = {row.name: row for row in list_rows(gains)}
    cross, ours = rows["dcn.dnn → dcn.stacked"], rows["dcn.stacked → dcn.best"]
    pays = "pays" if cross.clear and cross.value > 0 else "does not pay beyond chance"
    return (
        f"The cross layer before the deep network **{pays}** here: {cross.value:+.4f} stars "
        f"({cross.low:+.4f} to {cross.high:+.4f}) against the network without. The statistics and "
        f"penalties of `dcn.best` bring {ours.value:+.4f} ({ours.low:+.4f} to {ours.high:+.4f})."
    )


def _order(ends: pd.DataFrame, column: str) -> list[str]:
    return ends.sort_values(column, kind="stable")["model"].tolist()


def _order_features(values: pd.Series) -> list[str]:
    return values.sort_values(ascending=False, kind="stable").index.tolist()


def _say_correlations(texts: list[str]) -> str:
    return f"Rank correlations: {', '.join(texts)}. " if texts else ""
