"""A look inside trained models: attention, importance of features, the space of movies."""
