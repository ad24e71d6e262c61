"""The measured ladder: small transformers trained on a CPU, whose runs ship with the book as data.

Only `model`, `attention` and `train` need PyTorch; the design, the corpora and the tables do not.
"""
