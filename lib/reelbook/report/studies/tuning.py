"""What the chapter on tuning trains: settings drawn at random from a stated space, a run each."""

import warnings
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

# In a notebook it asks for widgets, for bars that nobody draws here.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "IProgress not found")
    import optuna

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models import registry
from reelbook.models.features.vocabularies import list_features
from reelbook.report.studies.study import Study, declare, fit_params, keep_defaults
from reelbook.runs.record import Request
from reelbook.splits.protocols import make_split

# Labels: these figures are no others' on the boards. The second are the boards' own settings and
# the models that leads are measured from.
TRIALS, BOARD = "tuning", "tuning-board"
REFERENCES = {"stars": "baseline.biases", "lists": "topn.popularity"}
DIGITS = 3  # that count, of a drawn setting: so it is the same on every machine


class Range(NamedTuple):
    """From where a setting is drawn: whole numbers where `low` is one, evenly or by its log."""

    low: float
    high: float
    log: bool = True


# What is not named keeps the model's default, such as the number of epochs.
SPACES: dict[str, dict[str, Range]] = {
    "gaussian.fold_in": {
        "dim": Range(2, 40),
        "shrinkage": Range(10.0, 5000.0),
        "user_variance": Range(0.02, 2.0),
        "noise": Range(0.3, 3.0),
        "reg_i": Range(0.5, 50.0),
    },
    "baseline.svd": {
        "factors": Range(10, 200),
        "learning_rate": Range(0.001, 0.02),
        "l2": Range(0.005, 0.5),
    },
    "mf.biased": {
        "factors": Range(8, 128),
        "l2": Range(0.005, 1.0),
        "l2_bias": Range(0.001, 0.1),
        "learning_rate": Range(0.0005, 0.02),
    },
    "autoencoder.autorec": {
        "hidden_units": Range(50, 500),
        "l2": Range(5.0, 500.0),
        "learning_rate": Range(0.0002, 0.005),
    },
    "dcn.best": {
        "dim": Range(4, 32),
        "damping": Range(1.0, 50.0),
        "l2": Range(0.002, 1.0),
        "l2_weights": Range(0.0001, 0.1),
        "learning_rate": Range(0.0002, 0.01),
    },
    "topn.ease": {"l2": Range(1.0, 10_000.0)},
    "topn.item_knn": {"neighbours": Range(5, 1000), "shrinkage": Range(0.1, 1000.0)},
    "topn.ials": {
        "factors": Range(8, 256),
        "regularization": Range(0.5, 200.0),
        "alpha": Range(0.2, 50.0),
    },
    "two_tower.best": {
        "dim": Range(8, 128),
        "dropout": Range(0.1, 0.9, log=False),
        "visible_weight": Range(0.0, 1.0, log=False),
        "start_scale": Range(0.5, 8.0),
        "learning_rate": Range(0.0002, 0.02),
    },
}


def tuning(
    dataset: Dataset, *, trials: Mapping[str, int], epochs: int | None = None, tuned: bool = True
) -> Study:
    """Trials of each model, on fold 1 of `official` for stars and on `stratified` for lists.

    Each is a run of its own, measured on validation rows and then, learned again with them, on test
    rows. Beside them stand the models with the settings of the boards, and the REFERENCES.

    Args:
        dataset: the canonical tables.
        trials: how many settings to draw of each model of SPACES.
        epochs: of models with epochs, at most; None takes those of their defaults.
        tuned: whether the boards' settings are chosen on validation rows; otherwise models keep
            their defaults. Trials are not concerned.

    Raises:
        ReelbookError: a model without a space.
    """
    if unknown := [model for model in trials if model not in SPACES]:
        told = f"{', '.join(unknown)} has no space of settings; these have one"
        raise ReelbookError(f"{told}: {', '.join(SPACES)}.")
    splits = {
        "stars": make_split(dataset, "official", fold=1),
        "lists": make_split(dataset, "stratified", seed=0),
    }
    kinds = {model: registry.describe_model(model).predicts for model in trials}
    limits = {"epochs": epochs, "features": list_features(dataset)}
    board, drawn = [], []
    for kind in dict.fromkeys(kinds.values()):
        board += declare(REFERENCES[kind], splits[kind], seeds=[0], study=BOARD)
    for model, number in trials.items():
        split, given = splits[kinds[model]], fit_params(model, limits)
        board += declare(model, split, params=given, seeds=[0], study=BOARD)
        for setting in draw_settings(model, number):
            params = _fix_setting(model, given | setting)
            drawn.append(Request(model, params, split, 0, TRIALS))
    return Study(dataset, [*(board if tuned else keep_defaults(board)), *drawn])


def draw_settings(model: str, number: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Settings of a model's space, each drawn independently of the others by Optuna.

    So any order of them is as likely as any other, as a mean over orders needs: the sampler is
    RandomSampler. One that learns from earlier trials (TPE) or spreads them (quasi-random) would
    not do. The first settings are the same however many are drawn.

    Args:
        model: a key of SPACES.
        number: of settings.
        seed: decides them.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    own_seed = seed + zlib.crc32(model.encode())  # two models do not share their draws
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(own_seed))
    space = {name: _make_distribution(given) for name, given in SPACES[model].items()}
    return [
        {name: _round(value) for name, value in study.ask(space).params.items()}
        for _ in range(number)
    ]


def _make_distribution(given: Range) -> optuna.distributions.BaseDistribution:
    if isinstance(given.low, int):
        return optuna.distributions.IntDistribution(given.low, int(given.high), log=given.log)
    return optuna.distributions.FloatDistribution(given.low, given.high, log=given.log)


def _round(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")


def _fix_setting(model: str, setting: dict[str, Any]) -> dict[str, Any]:
    """A setting as a run asks for it: a grid, where the model has one, of this setting alone.

    So the run measures it on validation rows. Networks do that in any case, to choose their epoch.
    """
    if "grid" not in registry.resolve_params(model, {}):
        return setting
    return {**setting, "grid": {name: [value] for name, value in setting.items()}}
