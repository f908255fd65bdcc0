from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from reelbook.report.figures import exploration, style, two_tower
from reelbook.report.figures.describe import LONGEST, describe_figure
from reelbook.report.figures.suitability import COLORS
from reelbook.report.front_page import SQUARES


def measure_light(color) -> float:
    """Relative luminance as the guidelines for accessible pages (WCAG 2) define it."""
    parts = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in to_rgb(color)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def measure_contrast(one, other) -> float:
    dark, light = sorted([measure_light(one), measure_light(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mark", [*style.PALETTE, style.GREY])
def test_every_mark_shows_on_the_plate(mark):
    assert measure_contrast(mark, style.PLATE) >= 3


def test_every_text_is_readable():
    assert measure_contrast(style.INK, style.PLATE) >= 4.5
    for shade in [place / 200 for place in range(201)]:
        ink = style.choose_ink(shade)
        assert measure_contrast(ink, style.SEQUENTIAL(shade)) >= 4.5, shade
    for ink, ground in [*COLORS.values(), *SQUARES.values()]:
        assert measure_contrast(ink, ground) >= 4.5


def test_nothing_shines_through():
    """A mark that is half transparent has less contrast than its colour."""
    movies = pd.DataFrame({"ratings": [1, 10], "mean": [3.0, 4.0], "title": "a", "genre": "other"})
    drawn = [
        exploration.draw_popularity(movies, title="a"),
        two_tower.draw_movie_map(movies.assign(x=[0, 1], y=[0, 1]), named=1, title="a"),
    ]
    marks = [
        mark for figure in drawn for mark in (*figure.axes[0].collections, *figure.axes[0].lines)
    ]
    assert {mark.get_alpha() for mark in marks} == {None}


def test_a_figure_is_told_in_words():
    table = pd.DataFrame({"genre": ["Drama", "War"], "ratings": [3000, 5]})
    figure = exploration.draw_bars(
        table, "genre", "ratings", title="Which genres are rated most?", unit="ratings"
    )
    assert describe_figure(figure) == (
        "Which genres are rated most? Across: ratings. Drama 3,000, War 5."
    )
    axes = figure.axes[0]
    axes.plot([0], [0], label="a line")
    style.add_legend(figure)
    assert describe_figure(figure).endswith("Shown: a line.")
    figure.suptitle("word " * 500)
    assert len(describe_figure(figure)) <= LONGEST


def test_a_figure_calls_the_items_what_they_are(monkeypatch):
    """Before, a report on books had figures of movies."""
    given = {}
    shell = SimpleNamespace(
        display_formatter=SimpleNamespace(
            mimebundle_formatter=SimpleNamespace(for_type=lambda _, give: given.update(give=give))
        )
    )
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr(style, "_choose_formats_in_notebooks", lambda: None)
    style.use_style("books")
    figure, axes = style.start_figure(title="Which movies?", columns=2)
    axes[0].set_title("A movie")
    axes[0].set(xlabel="ratings a movie", ylabel="movies")
    axes[0].plot([1], label="movies of a kind")
    axes[0].set_yticks([1], ["Scary Movie (2000)"])
    axes[0].text(0, 0, "Movie 43 (2013)")
    style.add_legend(figure)
    _, words = given["give"](figure)
    assert figure.get_suptitle() == "Which books?"
    assert axes[0].get_title(loc="left") == "A book"
    assert [axes[0].get_xlabel(), axes[0].get_ylabel()] == ["ratings a book", "books"]
    assert figure.legends[0].get_texts()[0].get_text() == "books of a kind"
    assert axes[0].texts[0].get_text() == "Movie 43 (2013)"
    assert axes[0].get_yticklabels()[0].get_text() == "Scary Movie (2000)"
    assert "Which books?" in words["image/png"]["alt"]


def test_a_legend_is_as_wide_as_its_figure():
    figure, axes = style.start_figure(title="a")
    for number in range(4):
        axes.plot([0, 1], label=f"a model with a long name, the {number}th of four")
    style.add_legend(figure)
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert legend.get_window_extent().width <= figure.bbox.width


def test_no_title_lies_on_another():
    places = pd.DataFrame({"x": [0, 0.001, 1], "y": [0, 0.001, 1], "title": list("abc")})
    figure = two_tower.draw_movie_map(places.assign(genre="other"), named=3, title="a")
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 2
    assert not boxes[0].overlaps(boxes[1])
