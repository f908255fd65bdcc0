"""What the chapter on the future asks for, on made-up ratings."""

from reelbook.report import studies
from reelbook.report.studies.future import DRAWN_STARS, LATER_STARS, LISTS

MODELS = {
    "rating_models": ["baseline.biases", "mf.dot"],
    "later_models": ["bayes.mf"],
    "list_models": ["topn.popularity"],
    "leaky_models": ["baseline.biases", "topn.popularity"],
}


def ask(dataset, **options):
    study = studies.future(dataset, folds=[1, 2], seeds=[0], **MODELS, leaks=[0.0, 1.0], **options)
    return study.declared


def test_its_figures_are_on_no_board_of_another_chapter(dataset):
    """Before, a model of fewer epochs joined the board of `official`, and alone had all folds."""
    labels = {request.protocol for request in ask(dataset, epochs=2)}
    own = {DRAWN_STARS, LATER_STARS, "past", "past-apart", *LISTS.values()}
    assert labels == own | {"leaky-0.00", "leaky-1.00"}


def test_models_take_what_they_have_of_the_limits(dataset):
    found = {r.model: r.params for r in ask(dataset, epochs=2, draws=7)}
    assert found["mf.dot"] == {"epochs": 2}
    assert found["bayes.mf"] == {"draws": 7}
    assert found["baseline.biases"] == {}


def test_more_models_are_compared_on_drawn_rows_and_by_time_alone(dataset):
    asked = {(r.model, r.protocol) for r in ask(dataset)}
    assert {label for model, label in asked if model == "bayes.mf"} == {DRAWN_STARS, LATER_STARS}
    assert ("mf.dot", "past-apart") in asked
