"""Analogies between movies that a film-goer would answer at once."""

from reelbook.data.tables import Dataset

# First : second = third : expected. Chosen before any vectors were looked at.
ANALOGIES = [
    [
        "Star Wars",
        "Empire Strikes Back, The",
        "Raiders of the Lost Ark",
        "Indiana Jones and the Last Crusade",
    ],
    ["Godfather, The", "Godfather: Part II, The", "Star Wars", "Empire Strikes Back, The"],
    ["Terminator, The", "Terminator 2: Judgment Day", "Alien", "Aliens"],
    ["Aladdin", "Lion King, The", "Snow White and the Seven Dwarfs", "Cinderella"],
    ["Psycho", "Vertigo", "2001: A Space Odyssey", "Clockwork Orange, A"],
    ["Reservoir Dogs", "Pulp Fiction", "Clerks", "Mallrats"],
    ["Batman", "Batman Returns", "Die Hard", "Die Hard 2"],
]


def list_analogies(dataset: Dataset) -> list[list[str]]:
    """Those of ANALOGIES whose four movies a data set has, under the titles of ml-100k."""
    titles = set(dataset.movies["title"])
    return [analogy for analogy in ANALOGIES if titles.issuperset(analogy)]
