"""What a notebook hands to the book that shows it."""

RESULTS_MIME = "application/vnd.scaling-book.results+json"
"""MIME type of the outputs by which a notebook publishes its results."""

FIT_MIME = "application/vnd.scaling-book.fit+json"
"""MIME type of an output that holds a fit, as `FitResult.to_json` writes it."""

FILES_MIME = "application/vnd.scaling-book.files+json"
"""MIME type that holds the other files of a figure: suffix, and content in base 64."""

STAMP_MIME = "application/vnd.scaling-book.stamp+json"
"""MIME type of the output that says what a page was made from."""
