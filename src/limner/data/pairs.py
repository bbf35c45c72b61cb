"""Training pairs of an input and a target. Free of numpy, because the command line imports it."""

from typing import Literal

Side = Literal["left", "right"]
"""The half of a picture that is the input; the other half is the target."""
