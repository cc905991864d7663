"""Image files of a dataset that are cut off, damaged or not there."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.registry import DATASETS, DefaultScope

from mmvision_ext.engine.images import ImageError, guard_dataset
from mmvision_ext.testing.image_faults import (
    FAULTS,
    make_image_folder,
    write_boxes,
)

from .outcome import Outcome

_FAULTY = 5  # index of the image that is spoilt


def corrupt_images(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Spoil images of stock datasets, and read these from end to end.

    Args:
        folder: Where the images are.
        fast: Not used; it is quick.

    Yields:
        An outcome for each fault, dataset and policy.
    """
    del fast
    paths = make_image_folder(folder / 'data')
    path = paths[_FAULTY]
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for dataset in _datasets(folder, paths):
        host = type(dataset).__name__
        for name, spoil in FAULTS.items():
            spoil(path, rng)
            yield _stopped(f'{host}, raise: {name}', dataset, [path])
            yield _replaced(f'{host}, replace: {name}', dataset, path)
            path.write_bytes(content)
        for tenth in range(1, 10):
            path.write_bytes(content[: len(content) * tenth // 10])
            yield _stopped(f'{host}, raise: {tenth}0 %', dataset, [path])
            path.write_bytes(content)
        yield _limited(f'{host}: more than the limit', dataset, paths)


def _datasets(folder: Path, paths: Sequence[Path]) -> list[Any]:
    """One of each host, all images in the order of ``paths``."""
    load, images = dict(type='LoadImageFromFile'), str(folder / 'data')
    settings = dict(
        mmpretrain=dict(
            type='CustomDataset',
            data_root=images,
            pipeline=[load, dict(type='PackInputs')],
        ),
        mmdet=dict(
            type='CocoDataset',
            ann_file=str(write_boxes(folder, paths)),
            data_prefix=dict(img=str(folder)),
            metainfo=dict(classes=('thing',)),
            pipeline=[
                load,
                dict(type='LoadAnnotations', with_bbox=True),
                dict(type='PackDetInputs'),
            ],
        ),
    )
    datasets = []
    for scope, setting in settings.items():
        with DefaultScope.overwrite_default_scope(scope):
            datasets.append(DATASETS.build(setting))
    return datasets


def _read(dataset: Any, share: float | None, out: Path) -> tuple[str, Any]:
    """Read all samples; the error, empty where there is none, and guard."""
    guard = guard_dataset(dataset, 'train', share, out)
    try:
        for index in range(len(dataset)):
            dataset[index]
    except ImageError as error:
        return str(error), guard
    except Exception as error:  # what the guard is there to prevent
        return f'{type(error).__name__}', guard
    return '', guard


def _stopped(
    fault: str,
    dataset: Any,
    paths: Sequence[Path],
    share: float | None = None,
) -> Outcome:
    """Expect one message that names the files."""
    told, _ = _read(dataset, share, paths[0].parent / 'cases.json')
    named = all(str(path) in told for path in paths)
    return Outcome(fault, named, told or 'nothing was said')


def _replaced(fault: str, dataset: Any, path: Path) -> Outcome:
    """Expect the end, and an account of one image and its replacement."""
    told, guard = _read(dataset, 0.1, path.parent / 'cases.json')
    cases = [
        (case['image'], case['replaced_by']) for case in guard.entry()['cases']
    ]
    survived = not told and cases == [(str(path), _FAULTY + 1)]
    return Outcome(fault, survived, told or f'replaced: {cases}')


def _limited(fault: str, dataset: Any, paths: Sequence[Path]) -> Outcome:
    """Spoil three images where two may be replaced, and mend them."""
    spoilt = paths[:3]
    contents = [path.read_bytes() for path in spoilt]
    for path in spoilt:
        path.write_bytes(b'')
    outcome = _stopped(fault, dataset, spoilt, 2 / len(paths))
    for path, content in zip(spoilt, contents, strict=True):
        path.write_bytes(content)
    return outcome
