"""What tests share: a store and its samples, and a judge."""

import pytest
import torch

from helpers.stores import TINY, store
from limner.data.store import ImageStore
from limner.evaluation.judge import Judge, choose_judge
from limner.evaluation.samples import Samples
from limner.guide import make_guide


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    return store(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def samples(pictures: ImageStore) -> Samples:
    guide = make_guide(TINY.guide, TINY.pixels, side=TINY.guide_side)
    return Samples(pictures, guide, TINY.pixels, torch.device("cpu"))


@pytest.fixture(scope="session")
def judge() -> Judge:
    judge = choose_judge({})
    assert judge is not None
    return judge
