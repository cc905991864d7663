"""What the models of configs do."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmvision_ext.apis import task_of
from mmvision_ext.apis.task import TASKS, load_inferencer
from mmvision_ext.testing.tiny_photos import save_classifier
from mmvision_ext.utils import InputError

WORDS = 'context-guided-rcnn_mobilenet-v2_fpn_minilm_1xb8-24e_nwpu-vhr10'


@pytest.mark.parametrize(
    ('name', 'task'),
    [
        ('mask-rcnn_mobilenet-v2_fpn_1xb8-24e_voc', 'detection'),
        ('sparse-rcnn_r50_fpn_300-proposals_1xb8-36e_voc', 'detection'),
        (
            'faster-rcnn_mobilenet-v2_fpn_attributes_1xb8-24e_apascal',
            'detection',
        ),
        (WORDS, 'open-vocabulary detection'),
        ('resnet20_1xb128-200e_cifar100', 'classification'),
        ('contrastive_remoteclip-rn50_1xb8-10e_dior', 'classification'),
        ('r50_1xb8-30e_coco-attributes', 'attributes'),
        ('clip-rn50_zero-shot_apascal', 'attributes'),
        (
            'cross-modal_efficientnet-lite0_retrieval_1xb16-30e_coco-cut',
            'attributes',
        ),
    ],
)
def test_tasks_of_configs_of_this_repository(name: str, task: str) -> None:
    assert task in TASKS and task_of(name) == task


def test_a_config_that_says_little_is_of_a_detector() -> None:
    assert task_of(Config(dict(model=dict()))) == 'detection'


@pytest.mark.parametrize(
    ('settings', 'key'),
    [
        (dict(model='resnet18'), 'model'),
        (dict(model=dict(head=3), default_scope='mmpretrain'), 'model.head'),
        (
            dict(
                model=dict(), default_scope='mmpretrain', test_evaluator='AP'
            ),
            'test_evaluator',
        ),
    ],
)
def test_configs_of_other_projects_are_refused(
    settings: dict, key: str
) -> None:
    with pytest.raises(InputError, match=f'{key}: expected settings, found'):
        task_of(Config(settings))


def test_the_inferencer_is_that_of_the_task(tmp_path: Path) -> None:
    infer = load_inferencer(*save_classifier(tmp_path), device='cpu')
    assert type(infer).__name__ == 'ClassificationInferencer'
    with pytest.raises(InputError, match='no weights of '):
        load_inferencer(WORDS, score_thr=0.5)
    with pytest.raises(InputError, match="names of configs, found 'mask'"):
        load_inferencer('mask')
