"""Faults of files, whatever the decoder makes of them."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.engine.images import (
    ImageFault,
    file_fault,
    is_cut_off,
    lacks_end,
)
from mmvision_ext.testing.image_faults import FAULTS, UNUSUAL, inject

EXPECTED = dict(
    empty=ImageFault.EMPTY,
    missing=ImageFault.MISSING,
    not_an_image=ImageFault.NOT_AN_IMAGE,
    overwritten=ImageFault.NOT_AN_IMAGE,
    truncated=ImageFault.CUT_OFF,
)


def _content(kind: str, **options: object) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    'kind, options',
    [
        ('JPEG', {}),
        ('JPEG', dict(progressive=True)),
        ('PNG', {}),
        ('WEBP', {}),
    ],
)
def test_every_length(kind: str, options: dict, tmp_path: Path) -> None:
    content = _content(kind, **options)
    path = tmp_path / 'image'
    for length in [*range(32, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:length])
        assert lacks_end(content[:length]), length
        assert is_cut_off(str(path)), length
    path.write_bytes(content)
    assert not is_cut_off(str(path))
    path.write_bytes(content + b'\n\n')  # as some cameras do
    assert not is_cut_off(str(path))


def test_preview_in_the_header_is_no_end() -> None:
    preview = b'Exif\x00\x00' + _content('JPEG', quality=5)
    segment = b'\xff\xe1' + (len(preview) + 2).to_bytes(2, 'big') + preview
    content = _content('JPEG')
    content = content[:2] + segment + content[2:]
    assert not lacks_end(content)
    assert lacks_end(content[: len(segment) + 700])
    assert lacks_end(content[: len(segment)])


def test_faults_are_told_apart(paths: list[Path]) -> None:
    done = inject(paths[:10], FAULTS)
    assert {file_fault(str(path)) for path in done} == set(EXPECTED.values())
    for path, name in done.items():
        assert file_fault(str(path)) is EXPECTED[name], name
    assert file_fault(str(paths[0].parent)) is not ImageFault.DAMAGED


def test_injections_are_seeded(tmp_path: Path, paths: list[Path]) -> None:
    before = [path.read_bytes() for path in paths]
    results = []
    for _ in range(2):
        for path, content in zip(paths, before, strict=True):
            path.write_bytes(content)
        done = inject(paths, FAULTS | UNUSUAL, seed=3)
        assert len(done) == len(paths)
        results.append([path.exists() and path.read_bytes() for path in paths])
    assert results[0] == results[1]
    assert all(
        after != content
        for after, content in zip(results[0], before, strict=True)
    )
