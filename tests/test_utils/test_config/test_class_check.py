"""Class counts and class names of a config."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import ConfigDict

from mmvision_ext.engine.hooks import VocabularyHook
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import check_config
from mmvision_ext.utils.config.class_check import (
    class_count_warnings,
    vocabulary_faults,
)

MakeConfig = Callable[..., ConfigDict]


def _faults(cfg: ConfigDict) -> list[str]:
    with pytest.raises(InputError) as caught:
        check_config(cfg, ('train',))
    return str(caught.value).split('\n  - ')[1:]


def test_class_counts_name_every_head_and_the_value(
    make_config: MakeConfig,
) -> None:
    first, second = _faults(make_config(heads=80))
    assert first.endswith('set model.roi_head.bbox_head.0.num_classes = 2')
    assert second.endswith('set model.roi_head.mask_head.num_classes = 2')


def test_counts_of_other_things_are_left_alone(
    make_config: MakeConfig,
) -> None:
    cfg = make_config()
    cfg.model.roi_head.semantic_head = dict(num_classes=183)  # pixels
    cfg.model.reid = dict(head=dict(num_classes=380))  # people
    check_config(cfg, ('train',))


def test_a_model_that_reads_text_finds_any_class(
    make_config: MakeConfig,
) -> None:
    cfg = make_config(heads=256)
    cfg.model.language_model = dict(type='BertModel')
    check_config(cfg, ('train',))


def test_words_count_in_training_only(make_config: MakeConfig) -> None:
    cfg = make_config(heads=80)
    cfg.model.vocabulary = 'words.safetensors'
    cfg.custom_hooks = [dict(type='mmvision_ext.VocabularyHook')]
    cfg.test_dataloader = cfg.train_dataloader
    assert len(_faults(cfg)) == 2
    check_config(cfg, ('test',))
    members = [('a', dict(metainfo=dict(classes=('a', 'b'))))]
    others = [('b', dict(metainfo=dict(classes=('a',))))]
    for model, count in ((cfg.model, 0), ({}, 1)):
        texts = class_count_warnings(model, members, others, 'mmdet')
        assert len(texts) == count


def test_classes_of_the_dataset_type_count_too(
    make_config: MakeConfig,
) -> None:
    cfg = make_config(heads=20)
    cfg.train_dataloader.dataset.pop('metainfo')
    assert all('num_classes = 80' in fault for fault in _faults(cfg))


def test_classes_of_members_that_differ_are_told_not_compared(
    make_config: MakeConfig,
) -> None:
    members = [
        ('d.0', dict(metainfo=dict(classes=('a', 'b')))),
        ('d.1', dict(metainfo=dict(classes=('a',)))),
    ]
    cfg = make_config(heads=80)
    cfg.train_dataloader.dataset = dict(
        type='ConcatDataset',
        datasets=[dict(type='CocoDataset', **member) for _, member in members],
    )
    check_config(cfg, ('train',))
    [text] = class_count_warnings(cfg.model, members, [], 'mmdet')
    assert 'd.0 has 2 classes, but d.1 has 1' in text


@pytest.mark.parametrize(
    'metainfo, things, stuff, fault',
    [
        (dict(thing_classes=('a',), stuff_classes=('b',)), 1, 1, ''),
        (
            dict(thing_classes=('a',), stuff_classes=('b',)),
            2,
            0,
            'has 1 thing classes: set model.panoptic_head.num_things_classes '
            '= 1',
        ),
        # Replaced classes make the things of the dataset's type uncertain.
        (dict(thing_classes=('a', 'b'), stuff_classes=('c',)), 7, 7, ''),
        ({}, 2, 0, ''),
        ({}, 0, 2, ''),
        (
            {},
            80,
            53,
            'num_things_classes + num_stuff_classes = 133, but '
            'train_dataloader.dataset has 2 classes',
        ),
    ],
)
def test_panoptic_heads_count_things_and_stuff(
    metainfo: dict[str, Any],
    things: int,
    stuff: int,
    fault: str,
    make_config: MakeConfig,
) -> None:
    cfg = make_config(**metainfo)
    cfg.model = dict(
        panoptic_head=dict(num_things_classes=things, num_stuff_classes=stuff)
    )
    if fault:
        assert fault in _faults(cfg)[0]
    else:
        check_config(cfg, ('train',))


@pytest.mark.parametrize('key', ['metainfo', 'classes'])
def test_a_string_in_the_place_of_a_tuple_is_the_only_fault(
    key: str, make_config: MakeConfig
) -> None:
    cfg = make_config(classes='cat', heads=80)
    if key == 'classes':  # mmpretrain's spelling
        cfg.train_dataloader.dataset.pop('metainfo')
        cfg.train_dataloader.dataset.type = 'mmpretrain.CustomDataset'
        cfg.train_dataloader.dataset.classes = 'cat'
    [fault] = _faults(cfg)
    assert "write a tuple, ('cat', ) with the comma" in fault


def test_classes_in_a_file_are_not_counted(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    names = tmp_path / 'names.txt'
    names.write_text('a\nb\n')
    palette = [(0, 0, 0), (9, 9, 9)]
    cfg = make_config(classes=str(names), palette=palette)
    check_config(cfg, ('train',))


def test_palette_of_another_length(make_config: MakeConfig) -> None:
    [fault] = _faults(make_config(palette=[(0, 0, 0)]))
    assert 'metainfo.palette has 1 colours for 2 classes' in fault


def test_words_need_somebody_who_sets_them(make_config: MakeConfig) -> None:
    cfg = make_config()
    cfg.model.vocabulary = 'words.safetensors'
    cfg.custom_hooks = [dict(type='EMAHook')]
    [fault] = _faults(cfg)
    assert fault.startswith('custom_hooks: expected dict(type=')
    assert 'found EMAHook' in fault
    cfg.custom_hooks.append(dict(type='VocabularyHook'))
    check_config(cfg, ('train',))


def test_the_hook_may_be_a_class_or_derived() -> None:
    class OwnVocabularyHook(VocabularyHook):
        pass

    cfg: dict = dict(model=dict(vocabulary='words.safetensors'))
    for hook in (
        dict(type=VocabularyHook),
        VocabularyHook(),
        OwnVocabularyHook(),
        dict(type='own.OwnVocabularyHook'),
    ):
        assert vocabulary_faults({**cfg, 'custom_hooks': [hook]}) == []
        hooks = {'default_hooks': {'words': hook, 'timer': None}}
        assert vocabulary_faults({**cfg, **hooks}) == []
    assert vocabulary_faults(cfg)
