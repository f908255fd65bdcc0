"""Families are found where they stand, and what they say of themselves is read there."""

import subprocess
import sys
from dataclasses import fields

import pytest
import toys

import reelbook.models
from reelbook.build.plan import find_notebook, read_needs
from reelbook.errors import ReelbookError
from reelbook.models import registry
from reelbook.runs import load_or_train
from reelbook.splits.protocols import make_split

TOY = '''"""The middle of the scale for all."""

import numpy as np

from reelbook.models.fitting.grid import RMSE, Learned, choose_and_refit
from reelbook.models.registry import Family

MODELS = {"toy.middle": {}, "toy.level": {"level": 4.0}}
FAMILY = Family(
    predicts="stars",
    words={"toy.middle": "the middle of the scale", "toy.level": "one level"},
    source="a test",
    defaults={"level": 3.0},
)


def fit(model, params, dataset, split, seed):
    def learn(params, ratings):
        return Learned(1, predict=lambda rows: np.full(len(rows), params["level"]))

    return choose_and_refit(learn, params, dataset, split, by=RMSE)
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A second folder of models, with one file."""
    (tmp_path / "toy.py").write_text(TOY)
    monkeypatch.setattr(reelbook.models, "__path__", [*reelbook.models.__path__, str(tmp_path)])
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "build"))
    monkeypatch.delitem(sys.modules, "reelbook.models.toy", raising=False)
    yield
    sys.modules.pop("reelbook.models.toy", None)


def test_every_model_is_described():
    for model, about in registry.list_models().items():
        assert about.predicts in registry.PREDICTS, model
        assert set(about.needs) <= set(registry.NEEDS), model
        assert all([about.words, about.source]), model


def test_a_chapter_has_models_on_all_data_that_have_what_it_needs():
    required = {}
    for about in registry.list_models().values():
        required.setdefault(about.chapter, []).append(set(about.requires))
    for chapter, of_models in required.items():
        needs = set(read_needs(find_notebook(chapter)))
        assert any(of_model <= needs for of_model in of_models), chapter


def test_a_family_says_nothing_of_models_that_it_does_not_have():
    for model in registry.list_models():
        family = registry.get_family(model)
        for part in fields(family.FAMILY):
            told = getattr(family.FAMILY, part.name)
            if isinstance(told, dict) and part.name != "defaults":
                assert told.keys() == family.MODELS.keys(), part.name


def test_a_family_is_one_new_file(toy, dataset, monkeypatch):
    monkeypatch.setenv("REELBOOK_JOBS", "1")
    assert registry.list_families()["toy"] == "reelbook.models.toy"
    assert registry.resolve_params("toy.middle", {}) == {"level": 3.0}
    split = make_split(dataset, "official", fold=1)
    run = load_or_train("toy.level", {}, dataset, split, 0)
    assert (run.predictions["prediction"] == 4).all()
    assert run.record.params == {"level": 4.0}


def test_the_command_lists_a_new_family(tmp_path):
    checkout = toys.make_checkout(tmp_path / "checkout")
    (checkout / "lib" / "reelbook" / "models" / "toy.py").write_text(TOY)
    done = toys.run(checkout, "models")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:3] == ["model", "predicts", "needs"]
    assert [line.split()[0] for line in lines[1:]] == [
        *(model for model in registry.list_models() if model < "toy"),
        "toy.middle",
        "toy.level",
        *(model for model in registry.list_models() if model > "toy"),
    ]
    (line,) = (line for line in lines if line.startswith("toy.middle"))
    assert "the middle of the scale" in line
    assert line.endswith("a test")


def test_names_of_families_are_found_without_importing_them():
    code = (
        "from reelbook.models import registry; import sys; registry.list_families();"
        "registry.get_family('topn.ease'); print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "reelbook.models.topn" in loaded
    assert not loaded & {"tensorflow", "reelbook.models.mf", "reelbook.models.baseline"}


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("mf.dott", {}, r"Unknown model 'mf.dott'; the known ones are: .*mf.dot, mf.mlp"),
        ("svd", {}, "Unknown model 'svd'"),
        ("mf.dot", {"factor": 4}, "mf.dot has no parameter 'factor'; it has: factors, optimizer"),
        ("mf.dot", {"factors": 4.5}, "factors must be of type int, not float"),
        ("mf.dot", {"factors": True}, "factors must be of type int, not bool"),
        ("mf.dot", {"learning_rate": "1e-3"}, "learning_rate must be of type float, not str"),
        ("mf.dot", {"epochs": 0}, "epochs must be at least 1, not 0"),
        ("mf.dot", {"learning_rate": float("nan")}, "learning_rate must be at least 0, not nan"),
        ("mf.biased", {"grid": {"l3": [0.1]}}, "has no parameter 'l3'"),
        ("mf.biased", {"grid": {"l2": 0.1}}, "grid maps parameter names to lists, 'l2' does not"),
        ("mf.biased", {"grid": {"l2": ["a"]}}, "l2 must be of type float, not str"),
    ],
)
def test_a_wrong_parameter_is_explained(name, params, message):
    with pytest.raises(ReelbookError, match=message):
        registry.resolve_params(name, params)


def test_whole_numbers_pass_for_floats():
    assert registry.resolve_params("mf.biased", {"l2": 1})["l2"] == 1
