import numpy as np
import pandas as pd
import pytest

from reelbook.report.figures import dcn as figures

FEATURES = ["user_id", "movie_id", "user_gender"]


def test_a_heat_map_has_the_norm_of_each_pair_in_its_cell():
    norms = pd.DataFrame(np.arange(9.0).reshape(3, 3), index=FEATURES, columns=FEATURES)
    axes = figures.draw_blocks(norms, title="Which?").axes[0]
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written[(2, 0)] == "2.00"  # row user_id, column user_gender
    assert written[(0, 2)] == "6.00"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["user", "movie", "gender"]


def test_equal_norms_are_drawn_too():
    norms = pd.DataFrame(np.ones((3, 3)), index=FEATURES, columns=FEATURES)
    assert len(figures.draw_blocks(norms, title="Which?").axes[0].texts) == 9


def test_measures_are_in_the_order_of_the_first():
    measures = pd.DataFrame({"norm": [2.0, 3.0, 1.0], "left out": [0.3, -0.1, 0.2]}, index=FEATURES)
    panels = figures.draw_measures(measures, measures * 0, title="Which?").axes
    widths = [[bar.get_width() for bar in panel.patches] for panel in panels]
    assert widths == [[1.0, 2.0, 3.0], [0.2, 0.3, -0.1]]  # from the bottom
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == ["gender", "user", "movie"]


def test_ranks_are_drawn_in_order_with_their_parameters():
    table = pd.DataFrame({"rank": [64, 1], "value": [0.93, 0.95], "parameters": [9000, 4000]})
    table = table.assign(low=table["value"] - 0.01, high=table["value"] + 0.01)
    upper, lower = figures.draw_ranks(table, title="How many?").axes
    assert upper.lines[0].get_xdata().tolist() == [1, 64]
    assert upper.lines[0].get_ydata().tolist() == [0.95, 0.93]
    assert lower.lines[0].get_ydata() == pytest.approx([4.0, 9.0])
