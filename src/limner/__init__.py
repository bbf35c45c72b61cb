"""limner: a folder of pictures becomes a small network that paints live in the browser."""

__version__ = "0.1.0"
