"""One look for all figures: the same in both themes, for a phone and for the colour-blind.

Each figure stands on a white plate, so that one palette serves both themes: every text on it has a
contrast of at least 4.5 and every mark of at least 3. Figures are as narrow as a phone can show
with readable words. They come out as SVG: sharp at any size, and the same bytes for the same data.
"""

import functools
import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.text import Text

from reelbook.data.names import word_items
from reelbook.report.figures.describe import describe_figure

PLATE = "#ffffff"
INK, GREY, GRID = "#404040", "#8a8a8a", "#dadada"  # of texts and lines, of background marks
BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY = (
    "#005a9c", "#c47a00", "#009e73", "#b3361b", "#b4588f", "#3a96cf",
)  # fmt: skip
# Okabe and Ito's colours, darker where they were too light for the plate.
PALETTE = [BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY]
SEQUENTIAL = LinearSegmentedColormap.from_list("reelbook", ["#e3f0f9", "#7fb8de", "#0b4f82"])

WIDTH = 5.0  # inches: 480 pixels, which a phone of 390 shows at four fifths
SMALL = 9  # points of the smallest text
LETTERS = 64  # of it, in a line as wide as a figure


def use_style(noun: str = "movies") -> None:
    """Set the look for all figures drawn from now on; in a notebook also the formats.

    Args:
        noun: what titles, labels and legends call the items in a notebook (`Dataset.noun`).
    """
    mpl.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.5),
            "figure.facecolor": PLATE,
            "figure.constrained_layout.use": True,
            "axes.facecolor": PLATE,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "axes.titlesize": 10,
            "axes.labelsize": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": cycler(color=PALETTE),
            "axes.axisbelow": True,
            "grid.color": GRID,
            "legend.frameon": False,
            "legend.labelcolor": INK,
            "legend.fontsize": SMALL,
            "text.color": INK,
            "text.parse_math": False,  # a title may hold dollar signs
            "xaxis.labellocation": "right",  # beside long names of rows a long label has room there
            "xtick.color": INK,
            "ytick.color": INK,
            "xtick.labelsize": SMALL,
            "ytick.labelsize": SMALL,
            "font.size": SMALL,
            "savefig.facecolor": PLATE,
            # No random ids and no date in the file: the same figure is the same bytes.
            "svg.hashsalt": "reelbook",
        }
    )
    _choose_formats_in_notebooks()
    _describe_in_notebooks(noun)


def start_figure(
    height: float = 3.5, *, title: str = "", rows: int = 1, columns: int = 1, **options: Any
) -> tuple[Figure, Any]:
    """A new figure, `height` inches high, and its axes: one, or an array.

    The title starts at the figure's left edge, where a long one has room; a longer one has two
    lines. The figure is not registered with pyplot: a notebook shows it once, nothing is kept.
    """
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    if title:
        lines = textwrap.fill(title, 50)
        figure.suptitle(lines, x=0.01, ha="left", weight="bold", fontsize=11)
    return figure, figure.subplots(rows, columns, **options)


def add_legend(figure: Figure, handles: Sequence[Artist] | None = None) -> None:
    """A legend below the axes, in as many columns as its names leave room for.

    Args:
        figure: the figure, with what it shows.
        handles: what to name; by default what the first axes show.
    """
    shown = handles or figure.axes[0].get_legend_handles_labels()[0]
    names = [str(handle.get_label()) for handle in shown]
    if names:
        columns = max(1, LETTERS // (max(map(len, names)) + 9))
        figure.legend(shown, names, loc="outside lower center", ncols=min(columns, len(names)))


def draw_dots(
    axes: Axes, table: pd.DataFrame, places: np.ndarray, *, color: str, label: str
) -> None:
    """A dot with its interval a row of a figure, such as one of several that share its rows.

    Args:
        axes: where to draw.
        table: value, low and high.
        places: heights of the dots (rows,).
        color: of all.
        label: their name in the legend.
    """
    axes.hlines(places, table["low"], table["high"], color=color, linewidth=2)
    axes.plot(table["value"], places, "o", color=color, markersize=5, label=label)


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows of a figure that stand at 0, 1 and so on, the first on top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="x")


def choose_ink(shade: float) -> str:
    """Colour of a text on SEQUENTIAL at this shade, from 0 to 1."""
    return "white" if shade > 0.79 else "black"


def _choose_formats_in_notebooks() -> None:
    from IPython import get_ipython  # imported here: it is slow and only notebooks need it

    if get_ipython() is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        # PNG, too: for JupyterLab an SVG of a notebook that it did not run itself is not safe, and
        # code hosts show none. Not cropped: then all figures of a page are equally wide.
        set_matplotlib_formats("svg", "png", metadata={"Date": None}, bbox_inches=None)


def _describe_in_notebooks(noun: str) -> None:
    """Put the words for a figure into the metadata of its output, where pages find them."""
    from IPython import get_ipython  # as above

    if (shell := get_ipython()) is not None:
        give = functools.partial(_give_words, noun=noun)
        shell.display_formatter.mimebundle_formatter.for_type(Figure, give)


def _give_words(figure: Figure, *, noun: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """No data of its own, and the same words for either format."""
    _name_items(figure, noun)  # called before the figure is drawn
    words = {"alt": describe_figure(figure)}
    return {}, {"image/svg+xml": words, "image/png": words}


def _name_items(figure: Figure, noun: str) -> None:
    """Put the noun into what a figure says of its items; names on its axes stay as they are."""
    texts = list(figure.texts)
    for axes in figure.axes:
        titles = [t for t in axes.get_children() if isinstance(t, Text) and t not in axes.texts]
        texts += [*titles, axes.xaxis.label, axes.yaxis.label]
    for legend in [*figure.legends, *(axes.get_legend() for axes in figure.axes)]:
        texts += legend.get_texts() if legend else []
    for text in texts:
        text.set_text(word_items(text.get_text(), noun))
