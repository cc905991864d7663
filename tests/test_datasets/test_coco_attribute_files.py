"""Annotation files of COCO Attributes in every layout, and their converter."""

import collections
import json
import os
import pickle
import runpy

import joblib
import numpy as np
import pytest

from mmvision_ext.datasets.coco_attribute_files import (
    UNOBSERVED,
    converted_names,
    read_object_attributes,
    write_object_attributes,
)
from mmvision_ext.datasets.errors import AnnotationError, DatasetError

#: In the order of their ids, which is not that of the list in the file.
NAMES = ('shiny', 'furry', 'metal / metallic')
SCORES = [[0.0, 1.0, -1.0], [2 / 3, 0.5, 0.25]]


@pytest.fixture
def by_patch():
    """The layout of cocottributes_eccv_version.jbl."""
    attributes = [
        dict(id=40 + place, name=name, supercategory='object attributes')
        for place, name in enumerate(NAMES)
    ]
    vectors = [np.array(row) for row in SCORES]
    return dict(
        info=dict(year=2016),
        type='attributes',
        attributes=[attributes[index] for index in (2, 0, 1)],
        ann_vecs={11: vectors[0], 12: vectors[1]},
        patch_id_to_ann_id=collections.defaultdict(int, {12: 5, 11: 9, 13: 1}),
        split={11: 'train2014', 12: 'val2014'},
    )


@pytest.fixture
def by_object(by_patch):
    """The layout with ann_attrs; plain enough for JSON."""
    return dict(
        attributes=by_patch['attributes'],
        ann_attrs={
            '9': dict(attrs_vector=SCORES[0], split='train2014'),
            '5': dict(attrs_vector=SCORES[1], split='val2014'),
        },
    )


def write(path, content):
    if path.suffix == '.json':
        path.write_text(json.dumps(content))
    elif path.suffix == '.pkl':
        path.write_bytes(pickle.dumps(content, protocol=2))
    else:
        joblib.dump(content, path, compress=6)
    return path


def check(table):
    assert table.names == NAMES
    assert table.ann_ids.tolist() == [9, 5]
    assert table.training.tolist() == [True, False]
    assert table.scores.dtype == np.float32
    np.testing.assert_allclose(table.scores, SCORES, rtol=1e-6)


@pytest.mark.parametrize('suffix', ['.jbl', '.pkl'])
def test_the_layout_by_patches(tmp_path, by_patch, suffix):
    check(read_object_attributes(write(tmp_path / f'a{suffix}', by_patch)))


@pytest.mark.parametrize('suffix', ['.jbl', '.pkl', '.json'])
def test_the_layout_by_objects(tmp_path, by_object, suffix):
    check(read_object_attributes(write(tmp_path / f'a{suffix}', by_object)))
    by_object['attributes'] = list(NAMES)
    check(read_object_attributes(write(tmp_path / f'b{suffix}', by_object)))


def test_the_content_decides_and_not_the_suffix(tmp_path, by_object):
    path = write(tmp_path / 'a.json', by_object)
    check(read_object_attributes(path.rename(tmp_path / 'a.jbl')))


def test_converted_files_hold_the_same(tmp_path, by_patch):
    table = read_object_attributes(write(tmp_path / 'a.jbl', by_patch))
    path = tmp_path / 'new' / 'a.npz'
    write_object_attributes(table, path)
    check(read_object_attributes(path))
    assert converted_names(path) == NAMES
    assert converted_names(tmp_path / 'a.jbl') is None
    assert converted_names(tmp_path / 'gone.npz') is None
    with np.load(path, allow_pickle=False) as arrays:
        assert not any(arrays[key].dtype.hasobject for key in arrays)
        assert arrays['scores'][0, 2] == UNOBSERVED == -1
    assert [item.name for item in path.parent.iterdir()] == ['a.npz']
    with pytest.raises(DatasetError, match='ending in .npz'):
        write_object_attributes(table, tmp_path / 'a.json')


def short_vector(by_patch):
    by_patch['ann_vecs'][12] = np.zeros(2)


def text_vector(by_patch):
    by_patch['ann_vecs'][12] = 'metal'


def nan_score(by_patch):
    by_patch['ann_vecs'][12][1] = np.nan


def high_score(by_patch):
    by_patch['ann_vecs'][12][1] = 1.01


def low_score(by_patch):
    by_patch['ann_vecs'][12][1] = -0.5


def missing_id(by_patch):
    del by_patch['patch_id_to_ann_id'][12]


def odd_id(by_patch):
    by_patch['patch_id_to_ann_id'][12] = 'x'


def missing_split(by_patch):
    del by_patch['split'][12]


def odd_split(by_patch):
    by_patch['split'][12] = 3


def repeated_name(by_patch):
    by_patch['attributes'][0]['name'] = 'shiny'


def no_names(by_patch):
    del by_patch['attributes']


def no_objects(by_patch):
    by_patch['ann_vecs'] = {}


def no_layout(by_patch):
    del by_patch['ann_vecs']


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (short_vector, r'annotation 5: expected 3 scores, .* found \(2,\)'),
        (text_vector, r"annotation 5: expected 3 scores, .*\('metal'\)"),
        (nan_score, "annotation 5, attribute 'furry': .* found nan"),
        (high_score, r"5, attribute 'furry': expected .*\[0, 1\].* 1.01"),
        (low_score, "annotation 5, attribute 'furry': .* found -0.5"),
        (missing_id, 'patch 12: .* in patch_id_to_ann_id, found none'),
        (odd_id, "patch_id_to_ann_id: expected an id, .* found 'x'"),
        (missing_split, 'patch 12: expected it in split, found none'),
        (odd_split, 'annotation 5: expected a split such as .* found 3'),
        (repeated_name, 'attributes: expected each name once, found 1'),
        (no_names, 'attributes: expected names, .* found None'),
        (no_objects, 'expected objects, found none'),
        (no_layout, "expected a dict of ann_vecs, .* found 'info': dict"),
    ],
)
def test_faults_are_named(tmp_path, by_patch, damage, message):
    damage(by_patch)
    path = write(tmp_path / 'a.pkl', by_patch)
    with pytest.raises(AnnotationError, match=message) as found:
        read_object_attributes(path)
    assert str(path) in str(found.value)


def test_faults_of_the_other_layouts_are_named(tmp_path, by_object):
    del by_object['ann_attrs']['5']['split']
    path = write(tmp_path / 'a.json', by_object)
    with pytest.raises(AnnotationError, match=r"\['5'\]: expected attrs_vec"):
        read_object_attributes(path)
    path.write_text('{"ann_attrs": ')
    with pytest.raises(AnnotationError, match='expected JSON'):
        read_object_attributes(path)
    with pytest.raises(DatasetError, match='found no file .*gone.jbl'):
        read_object_attributes(tmp_path / 'gone.jbl')
    arrays = dict(
        attributes=np.array(NAMES),
        ann_ids=np.arange(2),
        training=np.ones(2, bool),
        scores=np.zeros((2, 4), np.float32),
    )
    np.savez(tmp_path / 'a.npz', **arrays)
    with pytest.raises(AnnotationError, match=r'expected scores \(2, 3\)'):
        read_object_attributes(tmp_path / 'a.npz')
    arrays['scores'] = np.array([None, {}])
    np.savez(tmp_path / 'a.npz', **arrays)
    with pytest.raises(AnnotationError, match='without objects'):
        read_object_attributes(tmp_path / 'a.npz')


class Runs:
    """What a malicious file asks for."""

    def __reduce__(self):
        return os.system, ('touch run',)


@pytest.fixture
def convert(repository, tmp_path, monkeypatch, capsys):
    """Function that runs the tool in ``tmp_path``."""
    tool = repository / 'tools/dataset_converters/coco_attributes.py'
    monkeypatch.chdir(tmp_path)

    def run(*args):
        monkeypatch.setattr('sys.argv', [str(tool), *args])
        status = 0
        try:
            runpy.run_path(str(tool), run_name='__main__')
        except SystemExit as stop:
            status = stop.code
        return status, capsys.readouterr()

    return run


def test_the_converter_says_what_it_does(convert, tmp_path, by_patch):
    write(tmp_path / 'a.jbl', by_patch)
    status, text = convert('a.jbl', '--out', 'a.npz')
    assert status == 0, text.err
    assert 'Reading a.jbl without running anything in it' in text.out
    assert (
        '2 objects (1 of the training split), 3 attributes, 83.3% of the '
        'entries known'
    ) in text.out
    check(read_object_attributes(tmp_path / 'a.npz'))
    status, text = convert('a.jbl', '--out', 'a.npz')
    assert status == 2 and 'give --overwrite' in text.err
    assert convert('a.jbl', '--out', 'a.npz', '--overwrite')[0] == 0
    by_patch['ann_vecs'][11] = Runs()
    write(tmp_path / 'a.jbl', by_patch)
    status, text = convert('a.jbl', '--out', 'b.npz')
    assert status == 2 and 'which was not run' in text.err
    assert not (tmp_path / 'run').exists()
    assert not (tmp_path / 'b.npz').exists()
