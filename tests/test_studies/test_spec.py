"""Study files, right and wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mmvision_ext.studies.spec import read_study
from mmvision_ext.utils import InputError


def test_groups_seeds_and_overrides(write, content: dict) -> None:
    del content['baseline']
    content['overrides'] = {'model.gain': 1, 'train_cfg.max_epochs': 4}
    content['configs'][0]['seeds'] = [7]
    content['configs'].append(content['configs'][0]['configs'][0]['config'])
    study = write(content)
    first, _, third, _, plain = study.entries
    assert (first.name, first.slug) == ('Net A: scratch', 'net-a_scratch')
    assert first.seeds == (7,) and third.seeds == (0, 1, 2)
    # The nearer override wins.
    assert first.overrides == {'model.gain': 10, 'train_cfg.max_epochs': 4}
    assert plain.overrides == {'model.gain': 1, 'train_cfg.max_epochs': 4}
    assert (plain.group, plain.label) == ('', 'stub')


def test_baseline_of_the_group_else_the_only_one(write, content) -> None:
    study = write(content)
    assert [study.baseline_of(entry).name for entry in study.entries] == [
        'Net A: scratch',
        'Net A: scratch',
        'Net B: scratch',
        'Net B: scratch',
    ]
    content['configs'][0]['configs'][0]['label'] = 'plain'
    study = write({**content, 'baseline': 'plain'})
    assert {study.baseline_of(entry).name for entry in study.entries} == {
        'Net A: plain'
    }


def _change(key: str, value: object) -> Callable[[dict], None]:
    return lambda content: content.update({key: value})


def _entry(**changes: object) -> Callable[[dict], None]:
    return lambda content: content['configs'][0]['configs'][0].update(changes)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (_change('seed', [0]), "no key 'seed' is known.*did you mean 'seeds'"),
        (lambda content: content.pop('data'), r'expected the key\(s\) data'),
        (_change('seeds', 3), r'seeds: expected a list of seeds.*found 3'),
        (_change('seeds', []), r'seeds: expected a list'),
        (_change('seeds', [0, 0]), 'different names, found twice: 0'),
        (_change('seeds', [True]), 'expected whole numbers, found True'),
        (_change('name', 'a/b'), 'as it names a folder'),
        (_change('metrics', [{'nam': 'x'}]), "did you mean 'name'"),
        (
            _change('chance', {'accuracy/top_1': 1}),
            "did you mean 'accuracy/top1'",
        ),
        (
            _change('chance', {'accuracy/top1': 'x'}),
            "accuracy/top1: expected a number, found 'x'",
        ),
        (_change('baseline', 'scrach'), "did you mean 'scratch'"),
        (_change('data', 2012), r'data: expected a text \(quote it\)'),
        (_change('overrides', ['a=1']), 'expected dotted keys and values'),
        (_entry(config='stubb.py'), r"no file 'stubb.py' seen from"),
        (_entry(label='two-phase'), 'found twice: net-a_two-phase'),
        (_entry(label='缩放'), ''),
        (_entry(override={}), "did you mean 'overrides'"),
        (_entry(overrides={'a': 'x, y'}), 'a text without commas'),
        (_entry(overrides={'a': {'b': 1}}), 'Write a mapping as dotted keys'),
    ],
)
def test_wrong_studies(change, message: str, write, content: dict) -> None:
    change(content)
    if not message:
        content['configs'][0].update(group='!')
        message = 'expected a label with letters'
    with pytest.raises(InputError, match=message) as error:
        write(content)
    assert 'study.yaml' in str(error.value)


def test_nothing_published(write, content: dict) -> None:
    assert write({**content, 'published': None}).published == ()


def test_a_key_that_occurs_twice(tmp_path: Path) -> None:
    path = tmp_path / 'study.yaml'
    path.write_text('name: a\nseeds: [0]\nname: b\n')
    with pytest.raises(InputError, match="'name' occurs twice"):
        read_study(path)


@pytest.mark.parametrize('text', ['[1', '- a\n- b'])
def test_other_files(text: str, tmp_path: Path) -> None:
    path = tmp_path / 'study.yaml'
    path.write_text(text)
    with pytest.raises(InputError, match=str(path)):
        read_study(path)
    with pytest.raises(InputError, match='projects/example_project'):
        read_study(tmp_path / 'none.yaml')
