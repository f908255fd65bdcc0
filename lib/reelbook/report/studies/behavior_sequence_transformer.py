"""The study of chapter 03: document A's transformers, the leak of its split, ours and its parts."""

from collections.abc import Iterable, Sequence

from reelbook.data.tables import Dataset
from reelbook.report.studies.study import Study, declare, keep_defaults
from reelbook.splits.protocols import make_split
from reelbook.splits.split import Split
from reelbook.splits.windows import split_windows

# Of all windows. The document tests 15% with its baseline; with its tuned model it tests 10% and
# validates on as many.
SHARES = {
    "bst.base": {"test_share": 0.105, "validation_share": 0.045},
    "bst.tuned": {"test_share": 0.1, "validation_share": 0.1},
}


def behavior_sequence_transformer(
    dataset: Dataset,
    *,
    seeds: Sequence[int],
    leak_seeds: Sequence[int],
    folds: Sequence[int],
    ablation_folds: Sequence[int],
    parts: Sequence[str],
    lengths: Sequence[int],
    epochs: int,
    tuned_epochs: int,
    our_epochs: int,
    tuned: bool = True,
) -> Study:
    """Windows as the document cuts them, sealed and thinned; ours on the official folds; ablations.

    Args:
        dataset: what to measure on.
        seeds: a random split and a training for each, protocol `source`.
        leak_seeds: seeds of the splits in which the leak is sealed.
        folds: of protocol `official`.
        ablation_folds: those of `folds` on which study `ablation` compares models.
        parts: what to take away from bst.best.
        lengths: of the past, beside that of bst.best.
        epochs: the most of bst.base.
        tuned_epochs: the most of bst.tuned.
        our_epochs: the most of bst.best and of what is made of it.
        tuned: whether settings are chosen on validation rows; otherwise models keep their defaults.
    """

    def cut(model: str, seeds: Iterable[int], seal: str = "none") -> list[Split]:
        return [
            split_windows(dataset.ratings, seed=seed, seal=seal, **SHARES[model]) for seed in seeds
        ]

    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    ablated = [split for split in official if split.fold in ablation_folds]
    taken_away = [*(f"bst.{part}" for part in parts), *(f"bst.length_{n}" for n in lengths)]
    of_base, of_tuned, of_ours = ({"epochs": most} for most in (epochs, tuned_epochs, our_epochs))
    # A fold has twice as many rows as there are windows: half the epochs are as many steps.
    half = {"epochs": -(-tuned_epochs // 2)}
    requests = [
        *declare("bst.base", cut("bst.base", dict.fromkeys([*seeds, *leak_seeds])), params=of_base),
        *declare("bst.tuned", cut("bst.tuned", seeds), params=of_tuned),
        *declare("bst.base", cut("bst.base", leak_seeds, "sealed"), params=of_base),
        *declare("bst.base", cut("bst.base", leak_seeds, "thinned"), params=of_base),
        *declare("bst.best", official, params=of_ours),
        *declare(taken_away, ablated, params=of_ours, study="ablation"),
        *declare(["mf.sigmoid", "mf.biased"], ablated, study="ablation"),
        *declare("bst.tuned", ablated, params=half, study="ablation"),
    ]
    return Study(dataset, requests if tuned else keep_defaults(requests))
