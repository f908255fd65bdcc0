import pandas as pd
import pytest

from reelbook.report.figures import bst as figures


@pytest.fixture
def past():
    return pd.DataFrame(
        {
            "place": range(1, 31),
            "title": [f"Movie {place}" for place in range(1, 31)],
            "stars": [1.0, 5.0, 4.0] * 10,
            "weight": [0.5] + [0.5 / 29] * 29,
        }
    )


def test_a_past_has_a_bar_for_each_of_its_latest_ratings(past):
    axes = figures.draw_past(past, title="Which count?", most=10).axes[0]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(100 * past["weight"][:10])
    assert [label.get_text() for label in axes.get_yticklabels()] == past["title"][:10].tolist()
    colors = [bar.get_facecolor() for bar in axes.patches]
    assert colors[0] == colors[3] != colors[1]  # shaded by stars


def test_a_past_names_some_of_its_own_stars_on_any_scale(past):
    for stars, named in (
        ([10.0, 0.0], ["0 stars", "10 stars"]),
        ([3.5], ["3.5 stars"]),
        ([*range(1, 31)], ["1 star", "8 stars", "15 stars", "23 stars", "30 stars"]),
    ):
        scaled = past.assign(stars=(stars * 30)[:30])
        legend = figures.draw_past(scaled, title="Which count?").legends[0]
        assert [text.get_text() for text in legend.get_texts()] == named


def test_attention_by_place_has_a_line_for_each_head():
    average = pd.DataFrame({"head": [1, 1, 2, 2], "place": [1, 2] * 2, "weight": [0.5, 0.1] * 2})
    axes = figures.draw_attention_by_place(average, title="Latest?").axes[0]
    assert [line.get_ydata().tolist() for line in axes.lines] == [[50, 10], [50, 10]]
    empty = figures.draw_attention_by_place(average[:0], title="Latest?").axes[0]
    assert len(empty.lines) == 0


def test_lengths_are_drawn_in_order():
    table = pd.DataFrame({"length": [40, 4], "value": [0.9, 1.0], "low": [0.8, 0.9]})
    axes = figures.draw_lengths(table.assign(high=table["value"] + 0.1), title="How long?").axes[0]
    assert axes.lines[0].get_xdata().tolist() == [4, 40]
    assert axes.lines[0].get_ydata().tolist() == [1.0, 0.9]
