"""How a look stores its weights. Imports no torch, onnx or numpy, since the command line imports it."""

from typing import Literal, get_args

Storage = Literal["uint8", "uint16", "float16", "float32"]
STORAGES: tuple[Storage, ...] = get_args(Storage)
