"""A folder of small models with random weights, and a page that offers them.

The page is served once, for the tests of its routes and those in a browser.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from PIL import Image

from mmvision_ext.apis.retrieval import ClassifierEncoder, update_index
from mmvision_ext.datasets.apascal_attributes import GROUPS, NAMES
from mmvision_ext.testing import SHAPE_CLASSES
from mmvision_ext.testing.tiny_attributes import (
    make_attribute_data,
    object_config,
    save_random,
)
from mmvision_ext.testing.tiny_words import (
    add_word_data,
    save_word_detector,
    word_detector_config,
    write_random_words,
)

WORDS = ('airplane', 'ship', 'storage tank', 'harbor')
CLASSES = ('cat', 'dog', 'horse', 'sheep', 'tram')
LIMIT = 200 * 2**10  # bytes of an upload
MAX_PIXELS = 10**6


@dataclass(frozen=True)
class Served:
    """A page that is being served.

    Attributes:
        url: Its address, without a slash at the end.
        files: Folder of its uploads and downloads.
    """

    url: str
    files: Path


@pytest.fixture(scope='session')
def models_folder(
    tmp_path_factory: pytest.TempPathFactory,
    repository: Path,
    shapes_root: Path,
) -> Path:
    """Work directories of four models, as a training leaves them."""
    root = tmp_path_factory.mktemp('web') / 'models'
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMVISION_SHAPES_ROOT', str(shapes_root))
        (path,) = (repository / 'configs').glob('mask_rcnn/*_shapes.py')
        _work_dir(Config.fromfile(path), root / 'shapes', SHAPE_CLASSES)
    _work_dir(_classifier(), root / 'more' / 'animals', CLASSES)
    _attributes(root / 'more' / 'attributes')
    _words(repository / 'configs', root / 'words')
    return root


@pytest.fixture(scope='session')
def attribute_model(models_folder: Path) -> tuple[Path, Path]:
    """Config and checkpoint of the model of attributes."""
    folder = models_folder / 'more' / 'attributes'
    return folder / 'config.py', folder / 'epoch_1.pth'


@pytest.fixture(scope='session')
def examples_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures of 90 x 60 pixels."""
    folder = tmp_path_factory.mktemp('examples')
    rng = np.random.default_rng(0)
    for name in ('first', 'second', 'third'):
        pixels = rng.integers(0, 256, (6, 9, 3), np.uint8)
        Image.fromarray(pixels).resize((90, 60)).save(folder / f'{name}.jpg')
    return folder


@pytest.fixture(scope='session')
def index_folder(
    tmp_path_factory: pytest.TempPathFactory,
    examples_folder: Path,
    attribute_model: tuple[Path, Path],
) -> Path:
    """An index of the examples."""
    folder = tmp_path_factory.mktemp('index')
    encoder = ClassifierEncoder(*attribute_model, 'cpu')
    update_index(encoder, examples_folder, folder, progress=False)
    return folder


@pytest.fixture(scope='session')
def served(
    models_folder: Path, examples_folder: Path, index_folder: Path
) -> Iterator[Served]:
    """The page, for as long as the tests run."""
    pytest.importorskip('gradio', reason='the extra demo is not installed')
    from mmvision_ext.webapp.catalog import find_models
    from mmvision_ext.webapp.models import ModelStore
    from mmvision_ext.webapp.page import build_page
    from mmvision_ext.webapp.search import read_indexes
    from mmvision_ext.webapp.server import serving
    from mmvision_ext.webapp.uploads import example_images

    store = ModelStore(find_models([models_folder]), 'cpu')
    examples = example_images(examples_folder)
    indexes = read_indexes([index_folder])

    def build(downloads: Path):
        return build_page(store, examples, indexes, downloads, MAX_PIXELS)

    with serving(build, max_file_size=LIMIT) as page:
        yield Served(page.url.rstrip('/'), page.files)


def _work_dir(config: Config, folder: Path, classes: tuple[str, ...]) -> None:
    """A config and random weights, where a training leaves them."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(config.default_scope):
        model = MODELS.build(config.model)
    for name, weights in model.named_parameters():
        if name.endswith('fc_cls.weight'):  # scores that differ
            weights.data *= 50
    folder.mkdir(parents=True)
    meta = dict(dataset_meta=dict(classes=classes))
    content = dict(state_dict=model.state_dict(), meta=meta)
    torch.save(content, folder / 'epoch_1.pth')
    _finish(config, folder)


def _finish(config: Config, folder: Path) -> None:
    """Add what a training leaves beside the weights."""
    path = folder / 'epoch_1.pth'
    content = torch.load(path, weights_only=True)
    content['meta'] = {**content.get('meta', {}), 'epoch': 1, 'iter': 1}
    hub = dict(log_scalars={}, runtime_info={}, resumed_keys={})
    torch.save(dict(content, message_hub=hub), path)
    config.dump(folder / 'config.py')


def _classifier() -> Config:
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='Resize', scale=(32, 32)),
        dict(type='PackInputs'),
    ]
    dataset = dict(
        type='CustomDataset',
        data_root='.',
        metainfo=dict(classes=CLASSES),
        pipeline=pipeline,
    )
    return Config(
        dict(
            default_scope='mmpretrain',
            model=dict(
                type='ImageClassifier',
                data_preprocessor=dict(
                    mean=[120.0] * 3, std=[60.0] * 3, to_rgb=True
                ),
                backbone=dict(
                    type='ResNet_CIFAR',
                    depth=18,
                    stem_channels=8,
                    base_channels=8,
                ),
                neck=dict(type='GlobalAveragePooling'),
                head=dict(
                    type='LinearClsHead',
                    num_classes=len(CLASSES),
                    in_channels=64,
                ),
            ),
            test_dataloader=dict(batch_size=1, dataset=dataset),
        )
    )


def _attributes(folder: Path) -> None:
    make_attribute_data(folder / 'data')
    config = object_config(folder / 'data')
    meta = dict(classes=NAMES, attribute_groups=GROUPS)
    save_random(config, folder / 'epoch_1.pth', meta)
    _finish(config, folder)


def _words(configs: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    path = write_random_words(folder / 'words.safetensors', WORDS)
    config = word_detector_config(configs, path)
    add_word_data(config, WORDS, folder)
    save_word_detector(config, folder / 'epoch_1.pth', WORDS[:2])
    _finish(config, folder)
