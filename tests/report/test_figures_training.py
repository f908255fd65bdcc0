import pandas as pd
import pytest

from reelbook.errors import ReelbookError
from reelbook.models import mf
from reelbook.report.compare import average_settings, measure_overfitting
from reelbook.report.figures import structure
from reelbook.report.figures import training as figures


@pytest.fixture
def histories():
    """Two runs of one model: the first turns at epoch 2, the second still falls at its end."""
    rows = [
        (0, 1, 1.0, 1.0),
        (0, 2, 0.8, 0.9),
        (0, 3, 0.6, 1.1),
        (1, 1, 1.0, 1.0),
        (1, 2, 0.9, 0.8),
    ]
    table = pd.DataFrame(rows, columns=["run", "epoch", "train_rmse", "validation_rmse"])
    return table.assign(model="mf.toy", best_epoch=2, test_rmse=table["validation_rmse"])


@pytest.mark.parametrize("name", ["mf.mlp", "mf.implicit"])
def test_a_structure_shows_every_layer_and_is_the_same_each_time(name):
    ratings = pd.DataFrame({"user_id": [1, 2], "movie_id": [1, 1], "rating": [1.0, 5.0]})
    drawings = [structure.draw_structure(mf.build_for(name, {}, ratings)).data for _ in range(2)]
    assert drawings[0] == drawings[1]
    for layer in mf.build_for(name, {}, ratings).layers:
        assert layer.name.replace("_", " ") in drawings[0]


def test_a_missing_drawing_program_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(structure, "DOT", tmp_path / "nowhere")
    ratings = pd.DataFrame({"user_id": [1], "movie_id": [1], "rating": [1.0]})
    with pytest.raises(ReelbookError, match="could not draw the model"):
        structure.draw_structure(mf.build_for("mf.dot", {}, ratings))


def test_overfitting_is_the_change_from_the_chosen_to_the_last_epoch(histories):
    found = measure_overfitting(histories).iloc[0]
    assert found["train"] == pytest.approx((-0.2 + 0) / 2)
    assert found["validation"] == pytest.approx((0.2 + 0) / 2)


def test_curves_have_a_pair_of_lines_a_run_and_mark_the_chosen_epoch(histories):
    panel = figures.draw_learning_curves(histories, title="Curves").axes[0]
    assert len(panel.lines) == 2 * 3
    assert panel.lines[2].get_xdata().tolist() == [2]
    axes = figures.draw_test_curves(histories, title="Curves").axes[0]
    assert axes.lines[1].get_xdata().tolist() == [2]  # the lowest of the first run


def test_settings_are_averaged_over_folds():
    class Run:
        def __init__(self, *figures):
            rows = [
                {"l2": l2, "epoch": 1, "validation_rmse": rmse}
                for l2, rmse in zip([0.1, 0.2], figures, strict=True)
            ]
            self.record = type("Record", (), {"extra": {"tried": rows}})

    table = average_settings([Run(0.9, 1.0), Run(0.8, 0.7), Run(0.6, 0.8)])
    assert table["l2"].tolist() == [0.1, 0.2]
    assert table["validation_rmse"].tolist() == pytest.approx([2.3 / 3, 2.5 / 3])
    assert table["times_chosen"].tolist() == [2, 1]
