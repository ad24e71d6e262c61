"""Neural scaling laws, rebuilt from data: runs, fits, intervals and figures."""
