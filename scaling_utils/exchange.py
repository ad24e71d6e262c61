"""What a notebook hands to the book that shows it."""

RESULTS_MIME = "application/vnd.scaling-book.results+json"
"""MIME type of the outputs by which a notebook publishes its results."""
