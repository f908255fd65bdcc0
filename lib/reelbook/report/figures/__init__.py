"""Figures of the report, a file a subject; all start from `style`."""
