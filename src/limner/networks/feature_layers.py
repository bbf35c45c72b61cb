"""The names of SqueezeNet's layers. Imports no torch, since the command line imports it."""

from typing import Literal, get_args

Layer = Literal["fire2", "fire3", "fire4", "fire5", "fire6", "fire7", "fire8", "fire9"]
LAYERS: tuple[Layer, ...] = get_args(Layer)
"""The layers whose maps can be asked for, in their order."""
