"""Faults in annotation files of every kind: refused clearly, or harmless.

MMVISION_EXT_LONG_TESTS=1 injects 1000 faults of each kind.
"""

import os
import resource
from collections import Counter

import pytest

from mmvision_ext.datasets.errors import AnnotationError
from mmvision_ext.testing.annotation_campaign import (
    Target,
    UnsoundSample,
    judged_faults,
)
from mmvision_ext.testing.annotation_faults import (
    mutate_json,
    mutate_lines,
    mutations,
)
from mmvision_ext.testing.annotation_targets import annotation_targets

COUNT = 1000 if os.environ.get('MMVISION_EXT_LONG_TESTS') else 200
KINDS = (
    'VOC XML, with masks',
    'VOC XML',
    'VOC mask (bytes)',
    'VOC image list',
    'VOC class list',
    'DIOR XML',
    'DIOR list',
    'DIOR-R XML',
    'Caltech-101 list',
    'COCO instances',
    'COCO instances, for attributes',
    'COCO instances, for COCONut',
    'panoptic JSON',
    'COCONut table of attributes',
    'COCONut image list',
    'COCO Attributes by patch, JSON',
    'COCO Attributes by patch, pickle',
    'COCO Attributes by object, JSON',
    'COCO Attributes, converted',
    'aPascal',
    'phrases of words',
    'embedding file',
)
MOST_MB = 500  # by which reading tiny files may grow the process


def _peak_mb() -> float:
    """Peak of the process's memory in MB; Linux counts kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.fixture(scope='module')
def targets(tmp_path_factory):
    """A sound file of every kind."""
    return annotation_targets(tmp_path_factory.mktemp('annotations'))


def test_every_kind_is_tested(targets):
    assert set(targets) == set(KINDS)


@pytest.mark.parametrize('kind', KINDS)
def test_faulty_file_is_refused_or_harmless(targets, kind):
    target = targets[kind]
    target.read()  # sound to begin with
    before = _peak_mb()
    judged = list(judged_faults(target, COUNT))
    assert _peak_mb() - before < MOST_MB
    assert [one for one in judged if one.came == 'crashed'] == []
    count = Counter(one.came for one in judged)
    assert count.total() == COUNT
    assert count['refused'] > 0.3 * COUNT  # the faults are real ones
    assert count['accepted'] > 0.02 * COUNT  # and not everything is refused
    assert not any(one.executed for one in judged)
    target.read()  # and sound again


def test_faults_follow_from_the_seed():
    content = b'{"images": [{"id": 1, "file_name": "a.jpg"}]}'
    first = list(mutations(content, mutate_json, 30, seed=3))
    assert first == list(mutations(content, mutate_json, 30, seed=3))
    assert first[:10] == list(mutations(content, mutate_json, 10, seed=3))
    assert first != list(mutations(content, mutate_json, 30, seed=4))
    assert len({fault.content for fault in first}) > 20


@pytest.mark.parametrize(
    ('error', 'seen'),
    [
        (KeyError('bbox'), "KeyError: 'bbox' in test_annotation_campaign.py"),
        (UnsoundSample('box: nan'), 'UnsoundSample: box: nan'),
        (AnnotationError('line 1: wrong'), 'a message without the file'),
        (AnnotationError('x' * 3000), 'a message of 3000 characters'),
    ],
)
def test_campaign_sees_what_a_user_must_not(tmp_path, error, seen):
    def read():
        raise error

    path = tmp_path / 'list.txt'
    path.write_text('a\nb\n')
    judged = list(judged_faults(Target('list', path, mutate_lines, read), 5))
    assert [one.came for one in judged] == ['crashed'] * 5
    assert all(seen in one.told for one in judged)
    assert path.read_text() == 'a\nb\n'
