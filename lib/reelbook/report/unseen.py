"""The computed sentence on users and movies that are tested and that no rating trained."""

from collections import defaultdict
from collections.abc import Iterable

import pandas as pd

from reelbook.data.names import count
from reelbook.models.registry import describe_model
from reelbook.report.compare import Groups
from reelbook.report.sentences.phrases import join_words, quote_models
from reelbook.runs.store import Run


def describe_unseen(ratings: pd.DataFrame, groups: Groups) -> str:
    """How many tested users and movies have no other rating, and by what theirs are predicted.

    Args:
        ratings: of the data set; what a run does not test counts as known to it.
        groups: the runs of each model, all on the same rows.
    """
    users, movies, num_unseen = count_unseen(ratings, next(iter(groups.values())))
    if not num_unseen:
        return "Every user and movie that is tested has ratings to learn from."
    by_words = defaultdict(list)
    for model in groups:
        if words := describe_model(model).unseen:
            by_words[words].append(model)
    told = [f"{words} ({join_words(quote_models(own))})" for words, own in by_words.items()]
    of = [count(number, noun) for number, noun in ((users, "user"), (movies, "movie")) if number]
    return (
        f"**{count(num_unseen, 'test rating')}** {'is' if num_unseen == 1 else 'are'} of "
        f"{' or '.join(of)} without any rating to learn from, predicted by {'; by '.join(told)}."
    )


def count_unseen(ratings: pd.DataFrame, runs: Iterable[Run]) -> tuple[int, int, int]:
    """Users and movies all of whose ratings a run tests, over all splits, and the ratings of these.

    Args:
        ratings: of the data set.
        runs: of one model.
    """
    ids: dict[str, set[int]] = {"user_id": set(), "movie_id": set()}
    num_unseen = 0
    for run in {run.record.split["fingerprint"]: run for run in runs}.values():
        tested = run.predictions
        is_unseen = pd.Series(False, tested.index)
        for key, found in ids.items():
            in_all, in_test = (rows[key].value_counts() for rows in (ratings, tested))
            new = in_test.index[in_test == in_all[in_test.index]]
            found.update(new)
            is_unseen |= tested[key].isin(new)
        num_unseen += int(is_unseen.sum())
    return len(ids["user_id"]), len(ids["movie_id"]), num_unseen
