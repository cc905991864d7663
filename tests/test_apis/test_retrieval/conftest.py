"""Images of one colour, and an encoder that sees colours."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.apis.retrieval.encoder import Prepared, unit_vectors
from mmvision_ext.apis.retrieval.index import ModelIdentity

COLOURS = {
    'black': (10, 0, 0),
    'blue': (0, 0, 255),
    'green': (0, 255, 0),
    'red': (255, 0, 0),
    'white': (255, 255, 255),
    'yellow': (255, 255, 0),
}


class ColourEncoder:
    """Vectors and scores are mean colours, (red, green, blue)."""

    names = ('red', 'green', 'very blue')

    def __init__(self, weights: str = '1' * 64) -> None:
        self.identity = ModelIdentity(
            'joint', 'colours', 'colours.pth', weights, '0' * 64
        )
        self.read: list[str] = []
        self.batches: list[int] = []

    def prepare(self, source):
        pixels = source.read()
        self.read.append(Path(source.name).name)
        return Prepared(
            pixels[..., ::-1].mean(axis=(0, 1)) / 255,
            pixels.shape[1],
            pixels.shape[0],
        )

    def encode(self, images):
        self.batches.append(len(images))
        scores = np.stack([image.data for image in images]).astype(np.float32)
        return unit_vectors(scores, self.identity), scores

    def encode_text(self, text):
        colour = np.array([COLOURS[text]], np.float32)
        return unit_vectors(colour, self.identity)[0]


@pytest.fixture
def encoder() -> ColourEncoder:
    return ColourEncoder()


@pytest.fixture
def other_encoder() -> ColourEncoder:
    """Another model."""
    return ColourEncoder('2' * 64)


@pytest.fixture
def paint(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write an image of one colour, 12 x 8 pixels."""

    def write(name: str, colour: str) -> Path:
        path = tmp_path / 'images' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (12, 8), COLOURS[colour]).save(path)
        return path

    return write


@pytest.fixture
def colour_images(paint, tmp_path: Path) -> Path:
    """A folder with an image of each colour, one of them in a folder."""
    for colour in COLOURS:
        folder = 'more/' if colour == 'green' else ''
        paint(f'{folder}{colour}.png', colour)
    return tmp_path / 'images'
