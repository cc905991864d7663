"""Small CLIP models for the text encoders."""

from pathlib import Path

import pytest

from mmvision_ext.testing.tiny_clip import register_tiny_clip


@pytest.fixture(scope='session', autouse=True)
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the configs of the tiny architectures."""
    folder = tmp_path_factory.mktemp('tiny_clip')
    register_tiny_clip(folder)
    return folder
