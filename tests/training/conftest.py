"""What tests share: pictures, and runs that were never interrupted."""

from __future__ import annotations

import pytest

from helpers.stores import TINY, store
from helpers.training import EPOCHS, LONG_EPOCHS
from limner.data.store import ImageStore
from limner.training.loop import train
from limner.training.run import Run


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    return store(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="session")
def whole(pictures: ImageStore, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was never interrupted."""
    return train(pictures, TINY, tmp_path_factory.mktemp("whole"), epochs=EPOCHS)


@pytest.fixture(scope="session")
def long(pictures: ImageStore, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A longer run that was never interrupted."""
    return train(pictures, TINY, tmp_path_factory.mktemp("long"), epochs=LONG_EPOCHS)
