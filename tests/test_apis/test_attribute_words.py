"""CLIP heads without training: embeddings of a file, by the data's names."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mmvision_ext.apis import AttributeInferencer
from mmvision_ext.apis.auto_label import auto_label
from mmvision_ext.apis.retrieval import ClassifierEncoder
from mmvision_ext.datasets.apascal_attributes import NAMES
from mmvision_ext.models.text import TextEmbeddings, write_embeddings
from mmvision_ext.testing.tiny_attributes import (
    IMAGES,
    make_attribute_data,
    object_config,
    save_random,
)
from mmvision_ext.utils import InputError

CHANNELS = 64
Files = tuple[Path, Path]


@pytest.fixture(scope='module')
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp('words')
    make_attribute_data(root, images=2)
    return root


@pytest.fixture
def write(root: Path, tmp_path: Path) -> Callable[..., Files]:
    """Write a config, its embeddings in some order, and a checkpoint
    without the entries that begin with something."""

    def files(names: Sequence[str], without: tuple[str, ...], **head) -> Files:
        torch.manual_seed(1)
        vectors = F.normalize(torch.randn(2, len(NAMES), CHANNELS), dim=2)
        rows = [NAMES.index(name) for name in names]
        prompts = tuple((name,) for name in names)
        path = tmp_path / 'words.safetensors'
        present, absent = vectors[:, rows]
        write_embeddings(
            TextEmbeddings(
                tuple(names),
                present,
                prompts,
                'random',
                absent=absent,
                absent_prompts=prompts,
            ),
            path,
        )
        config = object_config(root)
        config.model.head = dict(
            type='mmvision_ext.TextAttributeHead',
            num_classes=len(NAMES),
            in_channels=CHANNELS,
            embeddings=str(path),
            **head,
        )
        config.dump(tmp_path / 'config.py')
        weights = save_random(config, tmp_path / 'weights.pth', None)
        content = torch.load(weights, weights_only=True)
        content['state_dict'] = {
            key: value
            for key, value in content['state_dict'].items()
            if not key.startswith(without)
        }
        torch.save(content, weights)
        return tmp_path / 'config.py', weights

    return files


def scores(root: Path, files: Files) -> dict[str, float]:
    describe = AttributeInferencer(*files, 'cpu')
    [result] = describe(root / IMAGES / '0.jpg', progress=False)
    return dict(zip(result.names, result.scores.tolist(), strict=True))


@pytest.mark.parametrize(
    ('without', 'bias'),
    [(('head.',), False), (('head.present', 'head.absent'), True)],
)
def test_names_of_the_data_choose_the_embeddings(
    root, write, without, bias
) -> None:
    first = scores(root, write(NAMES, without, bias=bias))
    second = scores(root, write(NAMES[::-1], without, bias=bias))
    assert first == second and len(set(first.values())) > 32
    with pytest.raises(InputError, match=r'words\.safetensors'):
        scores(root, write(NAMES[:-1], without, bias=bias))


def test_labels_and_searches_take_it_too(root, write, tmp_path) -> None:
    files = write(NAMES[::-1], ('head.',), bias=False)
    out = tmp_path / 'labels.json'
    summary = auto_label(
        *files, root / IMAGES, out, device='cpu', progress=False
    )
    assert summary.labelled == 2
    encoder = ClassifierEncoder(*files, 'cpu')
    assert encoder.names == NAMES
    image = AttributeInferencer(*files, 'cpu').model
    assert torch.equal(
        encoder._model.model.head.present, image.model.head.present
    )


def test_embeddings_of_a_checkpoint_need_no_file(root, write) -> None:
    config, weights = write(NAMES, ('none',))
    content = torch.load(weights, weights_only=True)
    rows = F.normalize(torch.randn(2, len(NAMES), CHANNELS), dim=2)
    state = content['state_dict']
    state['head.present'], state['head.absent'] = rows
    torch.save(content, weights)
    (weights.parent / 'words.safetensors').unlink()
    model = AttributeInferencer(config, weights, 'cpu').model.model
    np.testing.assert_array_equal(model.head.present, rows[0])


@pytest.mark.parametrize(
    ('without', 'missing'),
    [
        (('head.',), 'head.bias'),  # of a trained head
        (('head.absent',), 'head.absent'),
        (('head.present', 'head.absent', 'head.cosine'), 'log_scale'),
        (('head.present', 'backbone.conv1'), 'backbone.conv1'),
    ],
)
def test_what_no_file_has_is_still_needed(
    root, write, without, missing
) -> None:
    with pytest.raises(InputError, match=f'does not fit(.|\n)*{missing}'):
        scores(root, write(NAMES, without))
