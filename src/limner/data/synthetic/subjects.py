"""The subjects that limner draws. Free of numpy, because the command line imports it."""

from typing import Literal

Subject = Literal["garden", "sea", "night"]
