"""The commands of `scaling-book`, one module for each subject; `scaling_utils.cli` puts them together."""
