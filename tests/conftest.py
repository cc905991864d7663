"""Fixtures that several test folders use."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from mmengine.utils import ManagerMixin

from mmvision_ext.testing import data_root, make_shapes_devkit

REPOSITORY = Path(__file__).resolve().parents[1]

# What other tests left behind may have threads (sessions of ONNX Runtime,
# process groups). A forked process has none of them, and waits for ever for
# their end where it collects such an object.
os.register_at_fork(after_in_child=gc.freeze)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the long tests, which are asked for, take the time they need."""
    if os.environ.get('MMVISION_EXT_LONG_TESTS'):
        for item in items:
            item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(scope='session')
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope='session')
def shapes_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated devkit: 16 training and 8 validation images of 96 px.

    Returns the folder that holds the year folder VOC2012.
    """
    root = tmp_path_factory.mktemp('shapes')
    make_shapes_devkit(
        root / 'VOC2012', num_train=16, num_val=8, image_size=96, seed=1
    )
    return root


@pytest.fixture(scope='session')
def voc_cut() -> Path:
    """The year folder of the real VOC cut; skips where it is absent."""
    root = data_root()
    year = root / 'VOCdevkit' / 'VOC2012' if root else None
    if year is None or not year.is_dir():
        pytest.skip(
            'no VOCdevkit/VOC2012: set MMVISION_DATA_ROOT or link '
            'data/ to run on real images'
        )
    return year


@pytest.fixture(autouse=True)
def fresh_mmengine() -> Iterator[None]:
    """Keep mmengine's process-wide loggers and scopes out of other tests."""
    yield
    managers = [ManagerMixin]
    while managers:  # each class keeps instances of its own
        manager = managers.pop()
        manager._instance_dict.clear()
        managers += manager.__subclasses__()
