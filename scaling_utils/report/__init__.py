"""The book rerun on anyone's runs: one notebook of it, or a report of all that the runs can serve."""
