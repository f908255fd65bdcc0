"""Computed sentences: from small tables of figures to Markdown, a file for each chapter."""
