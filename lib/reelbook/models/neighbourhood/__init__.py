"""Stars from the neighbours of a rating: the user's other ratings and the movie's other ratings.

`likeness` says how alike two movies or two users are, `process` and `features` make numbers of the
neighbours' ratings, `network` and `family` predict stars from them.
"""
