import io

import numpy as np
import pandas as pd

from reelbook.report.figures import two_tower
from reelbook.report.figures.style import use_style


def test_a_title_is_drawn_as_it_is_written():
    """Dollar signs start a formula in Matplotlib; $ (1971) and its like are titles."""
    use_style()
    titles = ["$1,000,000 Duck", "$ {x", r"$\frac{1}$", "<b>&amp;</b>"]
    places = pd.DataFrame({"title": titles, "x": np.arange(4.0), "y": [0.0, 1, 0, 1]})
    figure = two_tower.draw_movie_map(places.assign(genre="other"), named=4, title="$ a $ map")
    figure.savefig(io.BytesIO(), format="svg")
    assert {text.get_text() for text in figure.axes[0].texts} == set(titles)
