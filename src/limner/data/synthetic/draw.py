"""Synthetic pictures, so that the whole pipeline runs without a data set.

A network sees only a soft, grey, coarse version of a picture, and these pictures are made for that. Light
and dark lie in large patches that differ from picture to picture. The brightness and position of a patch
determine what it is and its colour (a bright spot in the grass is a pale flower, a darker one a red flower;
the brighter the sky, the closer to gold). In the end they are painted with brush strokes, so that the
network paints with them, too: what it cannot make out then looks like brushwork, not like a fault.
"""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from limner.data.strokes import paint_strokes
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

    Picture n of a seed does not depend on `count`, given the versions of NumPy and Pillow.
    """
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        yield paint_strokes(to_image(SUBJECTS[subject](rng, size)))
