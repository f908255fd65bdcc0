"""One look for all figures: readable on white and on dark, on a phone, and by the colour-blind.

The background is transparent and the ink a mid grey, so that one figure serves the light and the
dark theme. Figures come out as SVG: sharp at any size, and the same bytes for the same data.
"""

from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

INK = "#808080"  # contrast of about 4 with white and with the dark theme's background
BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY = (
    "#1f85c4", "#e08e0b", "#009e73", "#d9601a", "#c777a8", "#56b4e9",
)  # fmt: skip
# Okabe and Ito's colours, a little lighter or darker so that each shows on white and on dark.
PALETTE = [BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY]
# From light to dark blue, never transparent: text on it then needs no knowledge of the page.
SEQUENTIAL = LinearSegmentedColormap.from_list("reelbook", ["#e3f0f9", "#7fb8de", "#0b4f82"])

WIDTH = 7.0  # inches; about the width of a page's text


def use_style() -> None:
    """Set the look for all figures drawn from now on; in a notebook also the formats."""
    mpl.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.5),
            "figure.facecolor": "none",
            "figure.constrained_layout.use": True,
            "axes.facecolor": "none",
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "axes.titlesize": 12,
            "axes.labelsize": 11,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": cycler(color=PALETTE),
            "axes.axisbelow": True,
            "grid.color": INK,
            "grid.alpha": 0.25,
            "legend.frameon": False,
            "legend.labelcolor": INK,
            "legend.fontsize": 10,
            "text.color": INK,
            "text.parse_math": False,  # a title may hold dollar signs
            "xtick.color": INK,
            "ytick.color": INK,
            "xtick.labelsize": 10,
            "ytick.labelsize": 10,
            "font.size": 10,
            "savefig.facecolor": "none",
            "savefig.transparent": True,
            # No random ids and no date in the file: the same figure is the same bytes.
            "svg.hashsalt": "reelbook",
        }
    )
    _choose_formats_in_notebooks()


def start_figure(
    height: float = 3.5, *, title: str = "", rows: int = 1, columns: int = 1, **options: Any
) -> tuple[Figure, Any]:
    """A new figure of the page's width, `height` inches high, and its axes: one, or an array.

    The title starts at the figure's left edge, where a long one has room. The figure is not
    registered with pyplot, so a notebook shows it once and nothing is kept.
    """
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    if title:
        figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure, figure.subplots(rows, columns, **options)


def choose_ink(shade: float) -> str:
    """Colour of a text on SEQUENTIAL at this shade, from 0 to 1."""
    return "white" if shade > 0.6 else "#202020"


def _choose_formats_in_notebooks() -> None:
    from IPython import get_ipython  # imported here: it is slow and only notebooks need it

    if get_ipython() is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        # PNG, too: for JupyterLab an SVG of a notebook that it did not run itself is not safe, and
        # code hosts show none. Not cropped: then all figures of a page are equally wide.
        set_matplotlib_formats("svg", "png", metadata={"Date": None}, bbox_inches=None)
