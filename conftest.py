"""What pytest leaves out where an optional extra is not installed."""

from importlib.util import find_spec

NEEDS_TORCH = [f"scaling_utils/ladder/{name}.py" for name in ("attention", "model", "train")]

collect_ignore = [] if find_spec("torch") else NEEDS_TORCH
