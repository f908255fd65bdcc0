"""What the chapter on what data allow trains: simple models, to see what their errors can tell."""

from reelbook.data.tables import Dataset
from reelbook.report.studies.study import Study, declare
from reelbook.splits.split import Split

STARS = ["baseline.mean", "baseline.user_mean", "baseline.biases"]


def data(dataset: Dataset, splits: dict[str, Split]) -> Study:
    """Means and biases on fold 1 of `official`, popularity on `stratified`, where these split.

    Args:
        dataset: the canonical tables.
        splits: by protocol, as `suitability.cold.make_splits` gives them.
    """
    requests = []
    if "official" in splits and "stars" in dataset.traits:
        requests += declare(STARS, splits["official"], seeds=[0])
    if "stratified" in splits:
        requests += declare("topn.popularity", splits["stratified"])
    return Study(dataset, requests)
