"""Which file set a key: bases, lists, deletions, variables, options."""

from importlib import util
from pathlib import Path

import pytest
from mmengine.config import Config

from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.explain import (
    explain,
    explanation,
    place_of,
    short_path,
)
from mmvision_ext.utils.config.layers import missing_base, read_layers

ROOT = """\
shared = dict(size=8)
model = dict(
    backbone=dict(type='R', depth=50),
    head=dict(
        type='H',
        num_classes=80,
    ),
)
steps = [
    dict(lr=1),
    dict(lr=2),
]
"""
MIDDLE = """\
_base_ = './root.py'
depth = 34
model = dict(
    backbone=dict(depth=depth),
    head=dict(_delete_=True, type='G', size={{_base_.shared.size}}),
)
"""
LEAF = """\
_base_ = './middle.py'
name = '{{fileBasenameNoExtension}}'
place = '{{$MMVISION_EXPLAIN_TEST:nowhere}}'
extra = dict(wide=True)
model = dict(
    backbone=dict(depth=18, **extra),
    neck=_base_.model.head,
)
model['seed'] = 3
steps = [dict(lr=5)]
"""


@pytest.fixture
def leaf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config of three levels in the working directory."""
    monkeypatch.chdir(tmp_path)
    for name, text in (('root', ROOT), ('middle', MIDDLE), ('leaf', LEAF)):
        (tmp_path / f'{name}.py').write_text(text)
    return tmp_path / 'leaf.py'


@pytest.mark.parametrize(
    'key, value, steps',
    [
        (
            'model.backbone.depth',
            18,
            [
                ('root.py:3', 'sets', ''),
                ('middle.py:2', 'sets', ''),
                ('leaf.py:6', 'sets', ''),
            ],
        ),
        ('model.backbone.type', 'R', [('root.py:3', 'sets', '')]),
        ('model.backbone.wide', True, [('leaf.py:4', 'sets', '')]),
        (
            'model.head.type',
            'G',
            [('root.py:5', 'sets', ''), ('middle.py:5', 'sets', '')],
        ),
        (
            'model.head.size',
            8,
            [('middle.py:5', 'sets', '_base_.shared.size, root.py:1')],
        ),
        (
            'model.neck.type',
            'G',
            [('leaf.py:7', 'sets', '_base_.model.head.type, middle.py:5')],
        ),
        (
            'steps.0.lr',
            5,
            [('root.py:10', 'sets', ''), ('leaf.py:10', 'sets', '')],
        ),
        ('model.seed', 3, [('leaf.py:9', 'sets', '')]),
        ('name', 'leaf', [('leaf.py:2', 'sets', '')]),
        ('place', 'nowhere', [('leaf.py:3', 'sets', '')]),
    ],
)
def test_the_history_of_a_key(
    leaf: Path, key: str, value: object, steps: list[tuple[str, str, str]]
) -> None:
    found, history = explain(leaf, key)
    assert found == value
    assert [
        (step.place, step.action, step.source) for step in history
    ] == steps


def test_dicts_are_merged_or_replaced(leaf: Path) -> None:
    _, merged = explain(leaf, 'model.backbone')
    assert [step.action for step in merged] == ['sets', 'adds to', 'adds to']
    _, replaced = explain(leaf, 'model.head')
    assert [step.action for step in replaced] == ['sets', 'replaces']


def test_what_was_deleted_is_gone(leaf: Path) -> None:
    with pytest.raises(InputError, match="no 'num_classes' at model.head"):
        explain(leaf, 'model.head.num_classes')
    with pytest.raises(InputError, match="did you mean 'backbone'"):
        explain(leaf, 'model.backbon.depth')


def test_options_have_the_last_word(leaf: Path) -> None:
    value, steps = explain(
        leaf, 'model.backbone.depth', {'model.backbone.depth': 101}
    )
    assert value == 101
    text = explanation('model.backbone.depth', value, steps)
    assert text.splitlines() == [
        'model.backbone.depth = 101',
        '  set by: --cfg-options model.backbone.depth: sets 101',
        '  before: leaf.py:6: sets 18',
        '  before: middle.py:2: sets 34',
        '  before: root.py:3: sets 50',
    ]


def test_places_for_messages(leaf: Path) -> None:
    assert place_of(str(leaf), 'model.backbone.depth') == 'leaf.py:6'
    assert place_of(str(leaf), 'model.backbone.dpeth') == (
        'model.backbone is set in leaf.py:6'
    )
    assert place_of(str(leaf), 'nothing') == ''
    assert place_of(str(leaf.parent / 'none.py'), 'model') == ''


def test_json_has_files_but_no_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'base.json').write_text('{"a": {"b": 1, "c": 2}}')
    (tmp_path / 'leaf.json').write_text(
        '{"_base_": ["./base.json"], "a": {"b": 3}}'
    )
    value, steps = explain('leaf.json', 'a.b')
    assert value == 3
    assert [step.place for step in steps] == ['base.json', 'leaf.json']


@pytest.mark.parametrize(
    'host, name',
    [
        ('mmdet', 'mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'),
        ('mmdet', 'dino/dino-4scale_r50_improved_8xb2-12e_coco.py'),
        ('mmpretrain', 'resnet/resnet18_8xb16_cifar10.py'),
    ],
)
def test_configs_of_the_hosts_are_read_as_mmengine_does(
    host: str, name: str
) -> None:
    [package] = util.find_spec(host).submodule_search_locations
    path = Path(package) / '.mim' / 'configs' / name
    settings, layers = read_layers(path)
    assert settings == Config.fromfile(path).to_dict()
    assert short_path(layers[-1].path) == f'{host}::{name}'


def test_our_configs_are_read_as_mmengine_does(repository: Path) -> None:
    path = repository / 'configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py'
    assert read_layers(path)[0] == Config.fromfile(path).to_dict()
    value, steps = explain(path, 'model.roi_head.bbox_head.num_classes')
    assert value == 20
    assert steps[0].place.startswith(
        'mmdet::_base_/models/mask-rcnn_r50_fpn.py:'
    )
    assert steps[0].value == 80


def test_a_missing_base_is_named(leaf: Path) -> None:
    assert missing_base(leaf) is None
    (leaf.parent / 'root.py').unlink()
    file, name, base = missing_base(leaf) or (None, '', None)
    assert file == leaf.parent / 'middle.py' and name == './root.py'
    assert base is not None and base.name == 'root.py'
