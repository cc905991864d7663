"""Names of one dataset in the words of another."""

import json
from pathlib import Path

import pytest

from mmvision_ext.apis.class_map import VOC_TO_COCO, read_class_map
from mmvision_ext.datasets.metadata import load_metadata
from mmvision_ext.testing import data_root
from mmvision_ext.utils import InputError


def test_voc_names_are_known_in_coco() -> None:
    voc = load_metadata('voc')['classes']
    coco = ('person', 'tv', 'airplane', 'giraffe', 'potted plant')
    mapped = read_class_map('auto', voc, coco)
    assert dict(mapped.pairs) == {
        'aeroplane': 'airplane',
        'person': 'person',
        'pottedplant': 'potted plant',
        'tvmonitor': 'tv',
    }
    assert mapped.unmapped_categories == ('giraffe',)
    assert len(mapped.unmapped_classes) == 16


def test_the_shipped_table_holds_every_voc_class() -> None:
    names = json.loads(VOC_TO_COCO.read_text())['names']
    assert tuple(names) == load_metadata('voc')['classes']


def test_the_shipped_table_names_real_coco_categories() -> None:
    root = data_root()
    file = root and root / 'coco/annotations/instances_val2017.json'
    if not file or not file.is_file():
        pytest.skip('no coco annotations: set MMVISION_DATA_ROOT')
    categories = [
        item['name'] for item in json.loads(file.read_text())['categories']
    ]
    voc = load_metadata('voc')['classes']
    assert read_class_map('auto', voc, categories).unmapped_classes == ()


def test_auto_ignores_case_and_separators() -> None:
    mapped = read_class_map(
        'auto', ['Ground_Track-Field'], ['ground track field']
    )
    assert mapped.categories == ('ground track field',)


def test_several_classes_may_mean_one_category(tmp_path: Path) -> None:
    path = tmp_path / 'map.json'
    path.write_text(json.dumps({'bus': 'vehicle', 'car': 'vehicle'}))
    mapped = read_class_map(path, ['car', 'cat', 'bus'], ['sky', 'vehicle'])
    assert list(mapped.pairs) == ['car', 'bus']
    assert mapped.categories == ('vehicle',)
    assert mapped.unmapped_classes == ('cat',)
    assert mapped.unmapped_categories == ('sky',)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{"caar": "vehicle"}', r'class of the model.*mean .car.\?'),
        ('{"car": "vehicles"}', r'category of the dataset.*mean .vehicle.\?'),
        ('{"car": 3}', 'expected an object of class to category'),
        ('[1]', 'expected an object of class to category'),
        ('{"car": ', 'line 1, column 9: expected JSON'),
        ('{}', 'expected at least one class'),
    ],
)
def test_faults_of_a_file_are_named(
    content: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / 'map.json'
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_class_map(path, ['car'], ['vehicle'])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='found none at .*no.json'):
        read_class_map(tmp_path / 'no.json', ['a'], ['a'])


def test_a_folder_and_other_encodings_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='a JSON file, found none at'):
        read_class_map(tmp_path, ['a'], ['a'])
    path = tmp_path / 'map.json'
    path.write_bytes('{"a": "Straße"}'.encode('latin-1'))
    with pytest.raises(InputError, match="expected JSON, found 'utf-8' codec"):
        read_class_map(path, ['a'], ['a'])


def test_nothing_in_common_is_an_error() -> None:
    with pytest.raises(InputError, match='Write the pairs into a JSON'):
        read_class_map('auto', ['disc'], ['circle'])
