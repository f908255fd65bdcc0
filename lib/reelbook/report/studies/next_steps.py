"""What the chapter on the next steps of document A trains."""

from collections.abc import Sequence

from reelbook.data.tables import Dataset
from reelbook.models import content, item2vec, registry
from reelbook.report import rankings
from reelbook.report.studies.study import Study, declare, keep_defaults
from reelbook.splits.protocols import make_split

# So much closeness that popularity counts for nothing.
BY_COSINE = {"closeness": 1000.0, "grid": {}}


def next_steps(
    dataset: Dataset,
    *,
    folds: Sequence[int],
    seeds: Sequence[int],
    epochs: int | None = None,
    tuned: bool = True,
) -> Study:
    """Autoencoders, movies as words and content-based models, each beside simple models.

    Where no model of contents can be made, `cold-movies` is left out.

    Args:
        dataset: the canonical tables.
        folds: of `official`.
        seeds: of the splits of `stratified` and `cold-movies`; the ablation runs on the first.
        epochs: of autoencoders and movies as words, at most; None takes those of their defaults.
        tuned: whether settings are chosen on validation rows; otherwise models keep their defaults.
    """
    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    ranking = rankings.make_splits(dataset, seeds)
    cold = [make_split(dataset, "cold-movies", seed=seed) for seed in seeds]
    first = make_split(dataset, "stratified", seed=seeds[0])
    limits = {"epochs": epochs} if epochs else {}
    of_words: dict[str, dict[str, int]] = {model: {} for model in item2vec.MODELS}
    if epochs:
        for model, few in of_words.items():
            few["epochs"] = min(epochs, registry.resolve_params(model, {})["epochs"])
    simple = ["topn.popularity", "topn.ease"]
    has_contents = not registry.find_obstacle("content.ridge", dataset)
    requests = [
        *declare("baseline.biases", official, seeds=[0]),
        *declare("autoencoder.autorec", official, seeds=[0], params=limits),
        *declare(simple, ranking),
        *declare("autoencoder.multvae", ranking, params=limits),
        *[one for model, few in of_words.items() for one in declare(model, ranking, params=few)],
        *declare("content.ridge", ranking),
        *declare([*simple, *content.MODELS], cold if has_contents else []),
        *declare(
            "item2vec.skipgram",
            first,
            params=BY_COSINE | of_words["item2vec.skipgram"],
            study="ablation",
        ),
    ]
    return Study(dataset, requests if tuned else keep_defaults(requests))
