"""The computed sentences of chapter 04.

`ends` is what `compare.compare_ends` gives; gains are what `compare.compare_models` gives.
"""

from collections.abc import Sequence

import pandas as pd

from reelbook.report.inside.importance import correlate_ranks
from reelbook.report.sentences.phrases import (
    give_estimate,
    give_range,
    give_scope,
    join_words,
    list_rows,
    make_list,
    quote_models,
    tell_fall,
)

NAMED_PAIR = "movie_id x user_id"  # the document says that it has the largest weights
UNKNOWN_CHANCE = "One seed cannot show how much of this is chance."


def answer(
    board: pd.DataFrame,
    ends: pd.DataFrame,
    by_seed: pd.DataFrame,
    measures: pd.DataFrame,
    *,
    num_folds: int,
) -> str:
    """The short answer of the chapter.

    Args:
        board: as `compare.estimate_models` gives it, best first.
        ends: see above.
        by_seed: norm of each pair's cross weights, a row a pair, a column a seed.
        measures: a row a feature; `permutation importance` and `ablation` are in stars.
        num_folds: of protocol `official`.
    """
    rows = board.set_index("name")
    document = rows.drop("dcn.best")["value"]
    last, chosen = (_order(ends, column) for column in ("last epoch", "chosen epoch"))
    stopped = "the same" if last == chosen else join_words(quote_models(chosen))
    permuted, ablated = (measures[name].idxmax() for name in ("permutation importance", "ablation"))
    matters = (
        f"Both permutation importance and ablation put `{permuted}` first."
        if permuted == ablated
        else f"Permutation importance puts `{permuted}` first, ablation `{ablated}`."
    )
    return (
        "**In short.** Trained to the last epoch, which is what the document reports, its networks "
        f"rank {join_words(quote_models(last))}, from best to worst; stopped by validation the "
        f"order is {stopped}. The largest cross weights join {_name_pair(by_seed)} "
        f"({give_scope(by_seed.shape[1], 'seed')}). {matters} On the test rows of `official` the "
        f"best of the document's networks, `{document.idxmin()}`, has an RMSE of "
        f"{document.min():.3f} stars; `dcn.best`, ours, has {give_estimate(rows.loc['dcn.best'])}, "
        f"{give_scope(num_folds, 'fold')}."
    )


def describe_seconds(by_rank: pd.DataFrame) -> str:
    """What the training of the full matrix and of the highest rank below it took.

    Args:
        by_rank: rank and seconds of each network; the one with the full matrix has the highest.
    """
    *_, less, full = list_rows(by_rank.sort_values("rank"))
    return (
        f"The full matrix took {full.seconds:.0f} s to train and rank {less.rank} "
        f"{less.seconds:.0f} s, choice of the epoch included. With so few features, dense layers "
        "and lookups are most of the work."
    )


def describe_features(*, has_credits: bool) -> str:
    """What director and star of a movie are, where the data set has a film graph."""
    if not has_credits:
        return "This data set has no film graph, so **director and star are left out**."
    return (
        "Director and star are identifiers from a film graph. Of several people we take the one "
        "with the most films in the graph, and the first identifier in a tie. A movie without any "
        "takes the unknown row of the feature, as do values that training never saw."
    )


def describe_ends(ends: pd.DataFrame, gains: pd.DataFrame) -> str:
    """What training to the end costs, and whether the order of the networks outlives it.

    Args:
        ends: see above.
        gains: of pairs of the document's networks, at the chosen epoch.
    """
    last, chosen = (_order(ends, column) for column in ("last epoch", "chosen epoch"))
    cost = give_range(ends["last epoch"] - ends["chosen epoch"], digits=3)
    order = f"Stopped by validation, the order is the same: {', '.join(quote_models(chosen))}."
    if last != chosen:
        order = (
            f"Stopped by validation, the order is {', '.join(quote_models(chosen))} instead of "
            f"{', '.join(quote_models(last))}."
        )
    falls = (f"{_name_step(row.name)}: the error {tell_fall(row)}." for row in list_rows(gains))
    return (
        f"Training to the last epoch costs {cost} stars. {order} At the chosen epoch, from one "
        f"network to the next on the same rows:\n\n{make_list(falls)}"
    )


def describe_pairs(by_seed: pd.DataFrame, agreement: dict[str, float]) -> str:
    """The rank of the pair that the document names, and how far the seeds agree on the ranks.

    Args:
        by_seed: norm of each pair's cross weights, a row a pair, a column a seed.
        agreement: as `importance.measure_agreement` gives it.
    """
    if len(by_seed) == 1:
        return "These data have two features, so there is one pair."
    place = by_seed.mean(axis=1).rank(ascending=False, method="min")[NAMED_PAIR]
    by_training = by_seed.rank(ascending=False, method="min").loc[NAMED_PAIR].astype(int)
    agreed = (
        "The rank correlation between two seeds (Spearman, mean over their pairs) is "
        f"{agreement['correlation']:.2f}; {agreement['same_top']:.0%} of the seeds agree on the "
        "first pair."
        if by_seed.shape[1] > 1
        else UNKNOWN_CHANCE
    )
    single = join_words([str(rank) for rank in by_training])
    seeds = f" by the mean over seeds, and {single} by single seeds" * (by_seed.shape[1] > 1)
    return (
        "The pair that the document names, user and movie, has rank "
        f"**{place:.0f}** of {len(by_seed)}{seeds}. {agreed}"
    )


def describe_measures(measures: pd.DataFrame, left_out: pd.DataFrame, *, noise: float) -> str:
    """In which order three measures put the features, and which features cannot be left out.

    Args:
        measures: a row a feature, a column a measure.
        left_out: gain of the full network over the one without each feature, as `measures` orders
            them.
        noise: range of the test RMSE over trainings that differ in the seed only; 0 for one.
    """
    orders = {str(name): _order_features(measures[name]) for name in measures}
    told = make_list(
        f"{name[0].upper()}{name[1:]}: {', '.join(order)}." for name, order in orders.items()
    )
    agree = all(order == orders["permutation importance"] for order in orders.values())
    short = {
        "norm of the weights": "weights",
        "permutation importance": "permutation",
        "ablation": "ablation",
    }
    ranks = correlate_ranks(measures)
    correlations = [
        f"{words} and {short[other]} {ranks[name][other]:+.2f}"
        for place, (name, words) in enumerate(short.items())
        for other in list(short)[place + 1 :]
        if pd.notna(ranks[name][other])
    ]
    missed = measures.index[(left_out["clear"] & (left_out["value"] > noise)).to_numpy()]
    chance = f"The errors of full networks that differ in the seed alone span {noise:.4f} stars."
    more = "by more than that, with an interval above zero" if noise else "clearly"
    verdict = (
        f"Leaving out {' or '.join(missed)} raises the error {more}"
        f"{'; no other ablation does' * (len(missed) < len(measures))}."
        if len(missed)
        else f"No ablation raises the error {more}: the other features stand in for the missing "
        "one."
    )
    return (
        f"From most to least important:\n\n{told}\n\n"
        f"{'The three orders agree.' if agree else 'The three orders **differ**.'} "
        f"{_say_correlations(correlations)}{chance if noise else UNKNOWN_CHANCE} {verdict}"
    )


def describe_scales(scales: pd.Series, measures: pd.DataFrame) -> str:
    """Why the norms of the weights mislead.

    Args:
        scales: root mean square of each feature's embeddings.
        measures: a row a feature; the column `norm of the weights` is used.
    """
    ranks = correlate_ranks(pd.DataFrame({"w": measures["norm of the weights"], "s": scales}))
    relation = ranks["w"]["s"]
    example = ", as a user and his or her zip code do" * ("user_zip_code" in measures.index)
    correlation = (
        ""
        if pd.isna(relation)
        else "; the rank correlation between the sizes of embeddings and the norms of the weights "
        f"is {relation:+.2f}"
    )
    return (
        "Why can the norms mislead? What reaches the prediction is embedding times weight times "
        f"embedding, and the embeddings of {scales.idxmax()} are "
        f"{scales.max() / scales.min():.1f} times as large as those of "
        f"{scales.idxmin()}{correlation}. Doubling an embedding and halving its weights changes "
        f"the norm, but no prediction. Where two features say the same{example}, chance decides "
        "how they share the weight, and a later dense layer may undo any of it. An ablation can "
        "cost little where permutation importance is high, because another feature stands in."
    )


def describe_ranks(
    gains: pd.DataFrame, ranks: Sequence[int], *, num_inputs: int, noise: float
) -> str:
    """By how much the full cross weights beat those of the highest and of the lowest rank.

    Args:
        gains: of the full network over that of each of `ranks`.
        ranks: of the cross weights.
        num_inputs: the full rank.
        noise: range of the test RMSE over trainings that differ in the seed only; 0 for one.
    """
    by_rank = dict(zip(ranks, list_rows(gains), strict=True))
    told = [
        f"From rank {rank} to the full matrix of rank {num_inputs} the error "
        f"{tell_fall(by_rank[rank])}."
        for rank in dict.fromkeys([max(ranks), min(ranks)])
    ]
    chance = f"Seeds alone make a difference of up to {noise:.4f}." if noise else UNKNOWN_CHANCE
    return " ".join([*told, chance])


def describe_board_gains(gains: pd.DataFrame) -> str:
    """Whether the cross layer pays on the official folds, and what ours adds."""
    rows = {row.name: row for row in list_rows(gains)}
    cross, ours = rows["dcn.dnn → dcn.stacked"], rows["dcn.stacked → dcn.best"]
    pays = "does not clearly pay"
    if cross.clear:
        pays = "pays" if cross.value > 0 else "does harm"
    return (
        f"A cross layer before the deep network **{pays}** here: compared with the network without "
        f"it, the error {tell_fall(cross)}. From `dcn.stacked` to `dcn.best`, which adds "
        f"statistics and penalties, the error {tell_fall(ours)}."
    )


def _name_pair(by_seed: pd.DataFrame) -> str:
    """The two features with the largest weights between them, mean over seeds."""
    return " and ".join(f"`{name}`" for name in str(by_seed.mean(axis=1).idxmax()).split(" x "))


def _name_step(name: str) -> str:
    """Two models as `compare.compare_models` names them, as code."""
    return " → ".join(quote_models(name.split(" → ")))


def _order(ends: pd.DataFrame, column: str) -> list[str]:
    return ends.sort_values(column, kind="stable")["model"].tolist()


def _order_features(values: pd.Series) -> list[str]:
    return values.sort_values(ascending=False, kind="stable").index.tolist()


def _say_correlations(texts: list[str]) -> str:
    return f"Rank correlations: {', '.join(texts)}. " if texts else ""
