"""Pictures drawn by rule, so that the whole road can be walked with nothing at hand.

A network is shown only a soft, grey, coarse version of a picture. These are drawn for that: light and
dark lie in large patches that differ from picture to picture, and what a patch is and which colour it
has can be told from its brightness and place (a bright spot in the grass is a pale flower, a darker one
a red flower; the brighter the sky, the nearer to gold).
"""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from limner.data.synthetic.garden import garden
from limner.data.synthetic.night import night
from limner.data.synthetic.primitives import Floats, to_image
from limner.data.synthetic.sea import sea
from limner.data.synthetic.subjects import Subject

SUBJECTS: dict[Subject, Callable[[np.random.Generator, int], Floats]] = {
    "garden": garden,
    "sea": sea,
    "night": night,
}


def draw(subject: Subject, count: int, size: int, seed: int) -> Iterator[Image.Image]:
    """Draw `count` RGB pictures of `size` x `size` pixels.

    Picture n of a seed is the same whatever the count, on one version of NumPy and Pillow.
    """
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        yield to_image(SUBJECTS[subject](rng, size))
