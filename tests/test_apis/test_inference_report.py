"""Reports of tests: attributes by a scripted model, and a classifier."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from sklearn.metrics import average_precision_score

from mmvision_ext.apis import inference_speed
from mmvision_ext.apis.inference_report import run_inference_report
from mmvision_ext.testing.image_folders import make_class_folders
from mmvision_ext.testing.scripted_attributes import LABELS, scripted_config

CONFIG = 'configs/coco_attributes/r50_1xb8-30e_apascal.py'
CLASSES = ('bird', 'cat', 'dog')


@pytest.fixture(autouse=True)
def short(monkeypatch) -> None:
    """Time the fewest batches."""
    monkeypatch.setattr(inference_speed, 'SECONDS', 0)


def _save(config: Config, path: Path, **meta: Any) -> Path:
    """Weights of a config's model, without training."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        state = MODELS.build(config.model).state_dict()
    torch.save(dict(state_dict=state, meta=meta), path)
    return path


def _report(folder: Path) -> tuple[str, dict[str, Any]]:
    text = (folder / 'inference_report.md').read_text()
    record = (folder / 'inference_report.json').read_text()
    return text, json.loads(record, parse_constant=pytest.fail)


def test_attributes(repository: Path, tmp_path: Path) -> None:
    config = scripted_config(repository / CONFIG, [0], 'nowhere')
    config.model.script = [0]
    checkpoint = _save(config, tmp_path / 'weights.pth', epoch=7)
    out = tmp_path / 'out'
    run_inference_report(config, checkpoint, out)
    text, record = _report(out)
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert record['sha256'] == digest and digest in text
    assert record['epoch'] == 7 and record['params'] == 1
    assert record['samples'] == 6 and record['num_classes'] == 3
    assert record['protocol'] == 'six generated samples'
    # The script has every score at 0.5.
    expected = average_precision_score(
        np.array(LABELS), np.full((6, 3), 0.5), average=None
    )
    assert [row['AP'] for row in record['attributes']] == pytest.approx(
        expected, abs=1e-6
    )
    baselines = record['baselines']
    assert baselines['attributes/mAP'] == dict(
        kind='chance', value=pytest.approx(100 * np.mean(LABELS))
    )
    assert baselines['attributes/accuracy']['kind'] == 'all-negative'
    assert 'attributes/mAP_chance' not in baselines
    assert '| attributes/mAP ' in text and '(all-negative)' in text
    assert text.index('| red ') < text.index('| rare ')  # best first
    for name in ('attribute_ap.png', 'ap_against_positives.png'):
        assert f']({name})' in text
        assert (out / name).stat().st_size > 10_000
    assert (out / 'attributes.md').is_file()


def test_classes(tmp_path: Path) -> None:
    make_class_folders(tmp_path / 'images', CLASSES, 3)
    config = Config(
        dict(
            default_scope='mmpretrain',
            runner_type='mmvision_ext.Runner',
            model=dict(
                type='ImageClassifier',
                data_preprocessor=dict(mean=[120.0] * 3, std=[60.0] * 3),
                backbone=dict(
                    type='ResNet_CIFAR',
                    depth=18,
                    stem_channels=4,
                    base_channels=4,
                ),
                head=dict(
                    type='mmvision_ext.ConvGAPHead',
                    num_classes=3,
                    in_channels=32,
                ),
            ),
            test_dataloader=dict(
                batch_size=4,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=dict(
                    type='CustomDataset',
                    data_prefix=str(tmp_path / 'images'),
                    classes=CLASSES,
                    pipeline=[
                        dict(type='mmvision_ext.LoadUprightImage'),
                        dict(type='PackInputs'),
                    ],
                ),
            ),
            test_evaluator=[
                dict(type='mmvision_ext.ClassificationMetric', topk=(1, 2))
            ],
            test_cfg=dict(),
        )
    )
    checkpoint = _save(config, tmp_path / 'weights.pth')
    run_inference_report(config, checkpoint, tmp_path / 'out')
    text, record = _report(tmp_path / 'out')
    assert set(record['metrics']) == {
        'accuracy/top1',
        'accuracy/top2',
        'accuracy/mean_class',
    }
    assert record['baselines']['accuracy/top2']['value'] == pytest.approx(
        200 / 3
    )
    assert record['attributes'] == [] and 'attributes' not in text
    assert '33.33 (chance)' in text
    assert not list((tmp_path / 'out').glob('*.png'))
