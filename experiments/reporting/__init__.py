"""Runs side by side: as a table, as JSON, or as a page to look at."""
