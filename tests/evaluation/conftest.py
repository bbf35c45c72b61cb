"""A store and its samples, shared by the tests of samples and sheets."""

import pytest
import torch

from helpers.stores import TINY, store
from limner.data.store import ImageStore
from limner.evaluation.samples import Samples
from limner.guide import make_guide


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    return store(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def samples(pictures: ImageStore) -> Samples:
    guide = make_guide(TINY.guide, TINY.pixels)
    return Samples(pictures, guide, TINY.pixels, torch.device("cpu"))
