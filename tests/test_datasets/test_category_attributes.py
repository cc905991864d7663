"""The table of 139 attributes, and tables that cannot be used."""

import json
import re
from collections import Counter
from itertools import combinations

import pytest

from mmvision_ext.datasets.category_attributes import (
    COCONUT_139,
    read_category_attributes,
)
from mmvision_ext.datasets.errors import AnnotationError, DatasetError

COCO = (
    'person bicycle car motorcycle airplane bus train truck boat '
    'traffic_light fire_hydrant stop_sign parking_meter bench bird cat dog '
    'horse sheep cow elephant bear zebra giraffe backpack umbrella handbag '
    'tie suitcase frisbee skis snowboard sports_ball kite baseball_bat '
    'baseball_glove skateboard surfboard tennis_racket bottle wine_glass cup '
    'fork knife spoon bowl banana apple sandwich orange broccoli carrot '
    'hot_dog pizza donut cake chair couch potted_plant bed dining_table '
    'toilet tv laptop mouse remote keyboard cell_phone microwave oven toaster '
    'sink refrigerator book clock vase scissors teddy_bear hair_drier '
    'toothbrush'
)
GIVEN = (
    'living animal mammal fur metal wooden container furniture electronics '
    'indoor outdoor portable cylindrical large small standing clothing'
)


@pytest.fixture(scope='module')
def table():
    return read_category_attributes(COCONUT_139)


@pytest.fixture
def content():
    return json.loads(COCONUT_139.read_text())


def having(table, name):
    return frozenset(
        category
        for category, found in table.categories.items()
        if name in found
    )


def test_there_are_139_attributes_of_the_80_categories(table):
    assert len(table.names) == len(set(table.names)) == 139
    names = [name.replace('_', ' ') for name in COCO.split()]
    assert list(table.categories) == names and len(names) == 80
    assert set(GIVEN.split()) <= set(table.names)


def test_groups_partition_the_attributes(table):
    assert list(table.groups) == [
        *('biological', 'physical', 'functional', 'spatial', 'material')
    ]
    assert all(table.groups.values())
    members = Counter(n for found in table.groups.values() for n in found)
    assert members == Counter(table.names)
    # Labels of one group stand together.
    assert tuple(members) == table.names


def test_every_attribute_has_one_sentence(table, content):
    texts = [row['definition'] for row in content['attributes']]
    for text in texts:
        assert re.fullmatch(r'[A-Z].*[^.]\.', text) and len(text) < 80
    assert len(set(texts)) == len(table.names) == 139
    assert 'by hand' in content['source']


def test_every_category_has_at_least_five_attributes(table):
    assert min(len(found) for found in table.categories.values()) >= 5
    # And no two categories are the same to a classifier of attributes.
    assert len(set(table.categories.values())) == 80


def test_every_attribute_tells_categories_apart(table):
    sets = {name: having(table, name) for name in table.names}
    for name, found in sets.items():
        assert 0 < len(found) < 80, name
    for first, second in combinations(sets, 2):
        assert sets[first] != sets[second], (first, second)


def test_implications_and_exclusions_hold(table):
    assert {('mammal', 'animal'), ('fruit', 'produce')} <= set(
        table.implications
    )
    for first, second in table.implications:
        assert having(table, first) < having(table, second), (first, second)
    for first, second in table.exclusions:
        assert not having(table, first) & having(table, second)
    # Along the chain, which no pair of the file states.
    assert having(table, 'mammal') < having(table, 'living')
    assert not having(table, 'cutlery') - having(table, 'metal')


@pytest.mark.parametrize(
    ('name', 'categories'),
    [
        ('furniture', {'bench', 'chair', 'couch', 'bed', 'dining table'}),
        ('mammal', set(COCO.split()[15:24])),
        ('vehicle', set(COCO.split()[1:9])),
        ('fruit', {'banana', 'apple', 'orange'}),
    ],
)
def test_groups_of_coco_are_attributes(table, name, categories):
    assert having(table, name) == categories


def test_each_thing_has_one_size_and_one_origin(table):
    for group in (('small', 'medium-sized', 'large'), ('natural', 'man-made')):
        for category, found in table.categories.items():
            assert len(found & set(group)) == 1, category


def write(tmp_path, content):
    path = tmp_path / 'table.json'
    path.write_text(json.dumps(content))
    return path


def break_name(content):
    content['categories']['cat'].append('mamal')


def break_group(content):
    content['attributes'][0]['group'] = 'biologica'


def break_implication(content):
    content['categories']['cat'].remove('animal')


def break_exclusion(content):
    content['categories']['cat'].append('man-made')


def repeat_name(content):
    content['attributes'].append(content['attributes'][0])


def repeat_label(content):
    content['categories']['cat'].append('fur')


def empty_category(content):
    content['categories']['cat'] = []


def drop_section(content):
    del content['exclusions']


def drop_field(content):
    del content['attributes'][3]['definition']


def break_pair(content):
    content['implications'].append(['fur'])


def break_pair_name(content):
    content['exclusions'].append(['fur', 'furr'])


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (break_name, "'cat': expected names .* found 'mamal'; .*'mammal'"),
        (break_group, "'living': expected one of the groups.*'biological'"),
        (break_implication, "'cat': expected 'animal', since it has 'mamm"),
        (break_exclusion, "'cat': expected one of 'natural' and 'man-made'"),
        (repeat_name, "attributes: 'living' is there twice"),
        (repeat_label, "categories, 'cat': 'fur' is there twice"),
        (empty_category, "categories, 'cat': expected names"),
        (drop_section, "expected a list 'exclusions'"),
        (drop_field, r'attributes\[3\]: expected texts name, group, defin'),
        (break_pair, r"implications: expected pairs .* found \['fur'\]"),
        (break_pair_name, "exclusions: expected names .* found 'furr'"),
    ],
)
def test_faults_of_a_table_are_named(tmp_path, content, damage, message):
    damage(content)
    path = write(tmp_path, content)
    with pytest.raises(AnnotationError, match=message) as found:
        read_category_attributes(path)
    assert str(path) in str(found.value)


def test_files_that_are_no_tables(tmp_path):
    with pytest.raises(DatasetError, match='attribute_file: .* found no file'):
        read_category_attributes(tmp_path / 'gone.json')
    (tmp_path / 'text.json').write_text('metal')
    with pytest.raises(AnnotationError, match='expected JSON'):
        read_category_attributes(tmp_path / 'text.json')
    with pytest.raises(AnnotationError, match='found a list'):
        read_category_attributes(write(tmp_path, []))
