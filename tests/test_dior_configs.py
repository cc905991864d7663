"""Configs of the aerial data sets, on generated and on real images."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.testing import demo_mm_inputs
from mmengine.config import Config
from mmengine.registry import (
    DATASETS,
    METRICS,
    MODELS,
    init_default_scope,
)
from PIL import Image

from mmvision_ext.datasets import DIORDataset
from mmvision_ext.datasets.metadata import load_metadata
from mmvision_ext.engine.runner import Runner
from mmvision_ext.testing import data_root
from mmvision_ext.testing.tiny_words import write_random_words

BASES = Path('configs/_base_/datasets')
LEAVES = Path('configs/remoteclip')
DIOR = load_metadata('dior_20')['classes']
OBJECT = (
    '<object><name>{0}</name><bndbox><xmin>11</xmin><ymin>6</ymin>'
    '<xmax>30</xmax><ymax>25</ymax></bndbox></object>'
)


@pytest.fixture
def small_dior(tmp_path, monkeypatch):
    """Two images a list in DIOR's layout: a ship, and a ship and windmill."""
    root = tmp_path / 'dior'
    annotations = root / 'Annotations' / 'Horizontal Bounding Boxes'
    (root / 'ImageSets' / 'Main').mkdir(parents=True)
    annotations.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for split, folder in (
        ('train', 'trainval'),
        ('val', 'trainval'),
        ('test', 'test'),
    ):
        images = root / f'JPEGImages-{folder}'
        images.mkdir(exist_ok=True)
        for number, names in enumerate((['ship'], ['ship', 'windmill'])):
            img_id = f'{split}{number}'
            pixels = rng.integers(0, 255, (80, 80, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(images / f'{img_id}.jpg')
            (annotations / f'{img_id}.xml').write_text(
                '<annotation><size><width>80</width><height>80</height>'
                f'</size>{"".join(map(OBJECT.format, names))}</annotation>'
            )
        (root / 'ImageSets' / 'Main' / f'{split}.txt').write_text(
            f'{split}0\n{split}1\n'
        )
    monkeypatch.setenv('MMVISION_DATA_ROOT', str(tmp_path))
    return root


def samples(loader):
    dataset = DATASETS.build(loader.dataset)
    return dataset, [dataset[index] for index in range(len(dataset))]


@pytest.mark.parametrize('name', ['dior', 'dior_multi-scale'])
def test_dior_pipelines(repository, small_dior, name):
    cfg = Config.fromfile(repository / BASES / f'{name}.py')
    init_default_scope('mmdet')
    np.random.seed(0)
    dataset, trained = samples(cfg.train_dataloader)
    assert isinstance(dataset, DIORDataset)
    for sample in trained:
        objects = sample['data_samples'].gt_instances
        side = sample['inputs'].shape[-1]
        assert side in (608, 704, 800, 896, 992)
        assert name != 'dior' or side == 800
        # 20 x 20 px of 80, wherever it was turned to.
        sizes = objects.bboxes.tensor[:, 2:] - objects.bboxes.tensor[:, :2]
        torch.testing.assert_close(
            sizes, torch.full_like(sizes, side / 4), rtol=0, atol=1e-3
        )
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        _, tested = samples(loader)
        sample = tested[1]['data_samples']
        assert sample.img_shape == (800, 800)
        # Ground truth in pixels of the file.
        assert (
            sample.gt_instances.bboxes.tensor.tolist() == [[10, 5, 30, 25]] * 2
        )


def test_open_vocabulary_split(repository, small_dior):
    cfg = Config.fromfile(repository / BASES / 'dior_open-vocab.py')
    init_default_scope('mmdet')
    trained, _ = samples(cfg.train_dataloader)
    labels = [
        [item['bbox_label'] for item in trained.get_data_info(i)['instances']]
        for i in range(len(trained))
    ]
    ship = trained.metainfo['classes'].index('ship')
    assert labels == [[ship], [ship]]
    tested, data = samples(cfg.test_dataloader)
    found = data[1]['data_samples'].gt_instances.labels.tolist()
    assert [tested.metainfo['classes'][i] for i in found] == [
        'ship',
        'windmill',
    ]
    assert found[0] == ship
    [metric] = [METRICS.build(metric) for metric in cfg.test_evaluator]
    metric.dataset_meta = tested.metainfo
    novel = metric._is_novel(tested.metainfo['classes'])
    assert novel.tolist() == [False] * 16 + [True] * 4


def test_nwpu_vhr10(repository):
    root = data_root()
    if root is None or not (root / 'nwpu_vhr10').is_dir():
        pytest.skip(
            'no nwpu_vhr10: set MMVISION_DATA_ROOT or link data/ to run on '
            'real images'
        )
    cfg = Config.fromfile(repository / BASES / 'nwpu-vhr10.py')
    init_default_scope('mmdet')
    for loader, images, objects in (
        (cfg.train_dataloader, 170, 518),
        (cfg.val_dataloader, 60, 405),
    ):
        loader.dataset.data_root = str(root / 'nwpu_vhr10')
        dataset = DATASETS.build(loader.dataset)
        report = dataset.report
        assert (len(dataset), report.objects_read) == (images, objects)
        assert report.lost == 0 and report.objects_used == objects
        sample = dataset[0]
        assert max(sample['inputs'].shape[1:]) <= 1000
        assert len(sample['data_samples'].gt_instances)


def test_a_step_of_the_baseline_reaches_every_weight(repository):
    name = 'faster-rcnn_r50_fpn_1xb8-12e_dior.py'
    cfg = Config.fromfile(repository / LEAVES / name)
    init_default_scope('mmdet')
    cfg.model.backbone.init_cfg = None
    cfg.model.backbone.depth = 18
    cfg.model.neck.in_channels = [64, 128, 256, 512]
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).train()
    batch = model.data_preprocessor(
        demo_mm_inputs(
            2,
            [[3, 96, 96], [3, 96, 128]],
            num_classes=20,
            num_items=[2, 3],
        ),
        training=True,
    )
    total, _ = model.parse_losses(model(**batch, mode='loss'))
    assert torch.isfinite(total)
    total.backward()
    assert not [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and parameter.grad is None
    ]


def test_sparse_rcnn_is_that_of_voc(repository):
    # tests/test_configs.py trains it; both sets have 20 classes.
    name = 'sparse-rcnn_r50_fpn_300-proposals_1xb8-{}.py'
    cfg = Config.fromfile(repository / LEAVES / name.format('12e_dior'))
    voc = repository / 'configs/sparse_rcnn' / name.format('36e_voc')
    assert cfg.model == Config.fromfile(voc).model


def guided_beside(path):
    """The context-guided detector of a baseline's epochs and data."""
    ending = path.name.rpartition('_1xb8-')[2]
    names = path.parent.glob(f'context-guided-rcnn_*_1xb8-{ending}')
    return Config.fromfile(min(names, key=lambda path: len(path.name)))


def test_baselines_share_their_training(repository):
    paths = sorted(
        path
        for path in (repository / LEAVES).glob('*rcnn_*.py')
        if not path.name.startswith('context-guided')
    )
    assert len(paths) == 5
    for path in paths:
        cfg, guided = Config.fromfile(path), guided_beside(path)
        if path.name.startswith('sparse-rcnn'):  # its published rate
            optim = guided.optim_wrapper
            optim.optimizer.lr /= 4
            optim.paramwise_cfg.custom_keys = {}
        for key in (
            'optim_wrapper',
            'param_scheduler',
            'train_cfg',
            'val_cfg',
            'test_cfg',
            'auto_scale_lr',
        ):
            assert cfg[key] == guided[key], (path.name, key)
        for mode in ('train', 'val', 'test'):
            loader = guided[f'{mode}_dataloader']
            if path.name.startswith('mask-rcnn'):  # the same, with masks
                loader.dataset.with_mask = True
                [step] = (
                    step
                    for step in loader.dataset.pipeline
                    if step.type == 'LoadAnnotations'
                )
                step.update(with_mask=True, poly2mask=False)
            assert cfg[f'{mode}_dataloader'] == loader, (path.name, mode)


@pytest.mark.parametrize('name', ['rn50_1xb8', 'zero-shot', 'linear-probe'])
def test_stage_1_runs(repository, small_dior, tmp_path, name):
    [path] = (repository / LEAVES).glob(f'contrastive_*{name}*.py')
    cfg = Config.fromfile(path)
    cfg.model.backbone.init_cfg = None
    cfg.model.backbone.arch = dict(
        layers=(1, 1, 1, 1), width=8, heads=4, embed_dim=1024, image_size=64
    )
    if name != 'linear-probe':
        cfg.model.head.vocabulary = write_random_words(
            tmp_path / 'words.safetensors', DIOR, dims=1024
        )
    cfg.work_dir = str(tmp_path / 'run')
    cfg.vis_backends = cfg.visualizer.vis_backends = []
    cfg.default_hooks.pop('histograms')
    loaders = ['val', 'test']
    if name != 'zero-shot':
        cfg.train_cfg.max_epochs = 1
        loaders.append('train')
    for mode in loaders:
        loader = cfg[f'{mode}_dataloader']
        loader.update(num_workers=0, persistent_workers=False, batch_size=2)
        size = dict(size=64, padding=8)
        loader.dataset.pipeline[0].update(size)
    if name == 'zero-shot':
        for key in ('val_dataloader', 'val_cfg', 'val_evaluator'):
            cfg[key] = None
    runner = Runner.from_cfg(cfg)
    if name != 'zero-shot':
        runner.train()
    found = runner.test()
    # Test images show two ships and a windmill.
    assert round(found['accuracy/top1'] * 0.03, 4) in (0, 1, 2, 3)
    assert ('retrieval/word_to_image_R@1' in found) == (name != 'linear-probe')
