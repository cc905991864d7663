"""Faults of configs, by name, for tests of what must be refused at the start.

They are written for
``configs/mask_rcnn/mask-rcnn_r18_fpn_scratch_1xb8-8e_shapes.py``.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmengine.config import Config

BASE = 'configs/mask_rcnn/mask-rcnn_r18_fpn_scratch_1xb8-8e_shapes.py'


@dataclass(frozen=True)
class ConfigFault:
    """A fault of a config.

    Attributes:
        options: Dotted key to value, written over a sound config.
        key: Key path that the message has to name.
        likely: What the message has to offer; empty where nothing is near.
    """

    options: Mapping[str, Any]
    key: str
    likely: str = ''

    @property
    def name(self) -> str:
        """What distinguishes it, on one line."""
        return ' '.join(
            f'{key}={value}' for key, value in self.options.items()
        )

    def inject(self, cfg: Config) -> Config:
        """Write the fault into a copy of a config.

        Args:
            cfg: A sound config; stays as it is.

        Returns:
            The copy.
        """
        broken = copy.deepcopy(cfg)
        for key, value in self.options.items():
            node: Any = broken
            *parents, last = key.split('.')
            for part in parents:
                if isinstance(node, list):
                    node = node[int(part)]
                else:
                    if part not in node:
                        node[part] = {}
                    node = node[part]
            node[int(last) if isinstance(node, list) else last] = value
        return broken


def _fault(key: str, value: Any, likely: str = '') -> ConfigFault:
    """One key with a wrong name or value."""
    return ConfigFault({key: value}, key, likely)


_HOOK = 'custom_hooks.0'
_RPN = 'model.train_cfg.rpn'
_FAR = 'zzz_made_up'  # near no name that anything has
_TRAIN = 'train_dataloader.dataset'

#: Found before the model is built.
RUNNER_FAULTS = [
    _fault('model.backbone.dpeth', 18, 'depth'),
    _fault('model.neck.out_chanels', 64, 'out_channels'),
    _fault('model.roi_head.bbox_head.num_clases', 3, 'num_classes'),
    _fault('model.roi_head.mask_head.num_conv', 2, 'num_convs'),
    _fault('model.rpn_head.anchor_generator.scale', [4], 'scales'),
    _fault('model.train_cfg.rpn.assigner.pos_iou_th', 0.7, 'pos_iou_thr'),
    _fault('model.data_preprocessor.pad_mask_', True, 'pad_mask'),
    _fault('model.type', 'MaskRCN', 'MaskRCNN'),
    _fault('model.type', 'mmpretrain.MaskRCNN', 'mmdet.MaskRCNN'),
    _fault('model.backbone.type', 'Resnet', 'ResNet'),
    _fault('model.neck.type', 'mmvision_ext.FPN', 'mmdet.FPN'),
    _fault('model.roi_head.bbox_head.loss_cls.type', 'L1Los', 'L1Loss'),
    _fault('model.rpn_head._delete_x', True, '_delete_'),
    _fault('model.neck.num_outs', '3'),
    _fault('default_scope', 'mmdett', 'mmdet'),
    _fault('default_hook', dict(timer=None), 'default_hooks'),
    _fault('param_schedulers', [], 'param_scheduler'),
    _fault('train_dataoader', dict(batch_size=1), 'train_dataloader'),
    _fault('load_form', 'x.pth', 'load_from'),
    _fault('randomness.sed', 1, 'seed'),
    _fault('env_cfg.cudnn_benchmrk', True, 'cudnn_benchmark'),
    _fault('env_cfg.mp_cfg.mp_start_metod', 'fork', 'mp_start_method'),
    _fault('visualizer.type', 'DetLocalVisualiser', 'DetLocalVisualizer'),
    _fault('log_processor.window_sizes', 10, 'window_size'),
    _fault('default_hooks.checkpointt', dict(interval=2), 'checkpoint'),
    _fault('default_hooks.logger.intervall', 2, 'interval'),
    _fault('default_hooks.logger.interval', 'often'),
    _fault('default_hooks.logger.type', 'LogerHook', 'LoggerHook'),
    _fault('default_hooks.timer.types', 'IterTimerHook', 'type'),
    ConfigFault(
        {'custom_hooks': [dict(type='EMAHok')]}, f'{_HOOK}.type', 'EMAHook'
    ),
    ConfigFault(
        {'custom_hooks': [dict(type='EarlyStoppingHook')]}, f'{_HOOK}.monitor'
    ),
    ConfigFault(
        {'custom_hooks': [dict(type='SyncBuffersHook', every=2)]},
        f'{_HOOK}.every',
    ),
    _fault(f'{_RPN}.{_FAR}', 1),
    _fault(f'{_RPN}.sampler.{_FAR}', 1),
    _fault(f'{_RPN}.sampler.pos_fractoin', 0.5, 'pos_fraction'),
    _fault(f'model.rpn_head.bbox_coder.{_FAR}', 1),
    _fault(f'model.roi_head.bbox_roi_extractor.{_FAR}', 1),
    _fault(f'model.test_cfg.{_FAR}', 1),
    _fault('model.test_cfg.rcnn.max_per_imgs', 9, 'max_per_img'),
    _fault(f'model.test_cfg.rcnn.nms.{_FAR}', 1),
    _fault('model.test_cfg.rpn.nms.iou_thr', 0.7, 'iou_threshold'),
    _fault(f'default_hooks.checkpoint.{_FAR}', 1),
    _fault(f'default_hooks.param_scheduler.{_FAR}', 1),
    _fault(f'default_hooks.{_FAR}', 1),
    _fault(f'env_cfg.{_FAR}', 1),
    _fault(f'env_cfg.dist_cfg.{_FAR}', 1),
    _fault(f'auto_scale_lr.{_FAR}', 1),
    ConfigFault(
        {'custom_hooks': [{'type': 'EMAHook', _FAR: 1}]}, f'{_HOOK}.{_FAR}'
    ),
    _fault('val_dataloader', None),
    _fault('val_evaluator', None),
    _fault('train_cfg', None),
]

#: Found before a dataset is read.
TRAINING_FAULTS = [
    _fault(f'{_TRAIN}.data_rot', 'x', 'data_root'),
    _fault(f'{_TRAIN}.with_masks', True, 'with_mask'),
    _fault(f'{_TRAIN}.{_FAR}', 1),
    _fault(f'{_TRAIN}.filter_cfg.{_FAR}', 1),
    _fault(f'{_TRAIN}.pipeline.0.{_FAR}', 1),
    _fault(f'{_TRAIN}.type', 'VOCDatset', 'VOCDataset'),
    _fault(
        f'{_TRAIN}.type', 'VOCInstanceDataset', 'mmvision_ext.VOCInstanceDatas'
    ),
    _fault(f'{_TRAIN}.pipeline.0.type', 'LoadImageFromFil', 'LoadImageFromF'),
    _fault(f'{_TRAIN}.pipeline.2.probs', 0.5, 'prob'),
    ConfigFault(
        {f'{_TRAIN}.pipeline.2': dict(type='RandomCrop')},
        f'{_TRAIN}.pipeline.2.crop_size',
    ),
    _fault(f'{_TRAIN}.pipeline', dict(type='LoadImageFromFile')),
    _fault(f'{_TRAIN}.data_root', '/nowhere'),
    _fault(f'{_TRAIN}.ann_file', 'ImageSets/none.txt'),
    ConfigFault(
        {f'{_TRAIN}.data_prefix.img': 'none'},
        f'{_TRAIN}.data_prefix.img',
    ),
    ConfigFault(
        {f'{_TRAIN}.metainfo.classes': 'cat'}, f'{_TRAIN}.metainfo.classes'
    ),
    _fault(f'{_TRAIN}.metainfo.palette', [(0, 0, 0)]),
    _fault('model.roi_head.bbox_head.num_classes', 80),
    _fault('model.roi_head.mask_head.num_classes', 2),
    _fault('load_from', 'gone.pth'),
    ConfigFault(
        {
            'model.backbone.init_cfg': dict(
                type='Pretrained', checkpoint='gone.pth'
            )
        },
        'model.backbone.init_cfg.checkpoint',
    ),
    _fault('train_dataloader.bacth_size', 8, 'batch_size'),
    _fault('train_dataloader.batch_size', '8'),
    _fault('train_dataloader.batch_size', 0),
    _fault('train_dataloader.persistent_workers', True),
    _fault('train_dataloader.sampler.shufle', True, 'shuffle'),
    _fault('train_dataloader.sampler.type', 'DefaultSample', 'DefaultSampler'),
    _fault('train_dataloader.collate_fn', dict(type='pseudo_colate')),
    _fault('train_cfg.max_epoch', 8, 'max_epochs'),
    _fault('train_cfg.max_epochs', '8'),
    _fault('train_cfg.val_interval', 0),
    _fault('val_cfg.fp61', True, 'fp16'),
    _fault('optim_wrapper.type', 'OptimWraper', 'OptimWrapper'),
    _fault('optim_wrapper.acumulative_counts', 2, 'accumulative_counts'),
    _fault('optim_wrapper.optimizer.type', 'AdamWW', 'AdamW'),
    _fault('optim_wrapper.optimizer.weigth_decay', 0.1, 'weight_decay'),
    _fault('optim_wrapper.optimizer.learning_rate', 0.1, 'lr, maximize'),
    _fault('optim_wrapper.optimizer.lr', 'high'),
    _fault('optim_wrapper.clip_grad.max_nrom', 1, 'max_norm'),
    _fault('optim_wrapper.paramwise_cfg.norm_decay_mul', 0, 'norm_decay_mult'),
    _fault(f'optim_wrapper.clip_grad.{_FAR}', 1),
    _fault(f'optim_wrapper.paramwise_cfg.{_FAR}', 0),
    ConfigFault(
        {'optim_wrapper.paramwise_cfg.custom_keys.backbone': {_FAR: 1}},
        f'optim_wrapper.paramwise_cfg.custom_keys.backbone.{_FAR}',
    ),
    _fault('param_scheduler.1.type', 'CosineAnealingLR', 'CosineAnnealingLR'),
    _fault('param_scheduler.1.T_maxx', 8, 'T_max'),
    _fault('param_scheduler.0.end', '50'),
    ConfigFault(
        {'param_scheduler.1': dict(type='MultiStepLR', milestones=[4.5])},
        'param_scheduler.1.milestones',
    ),
    ConfigFault(
        {'param_scheduler.1': dict(type='MultiStepLR')},
        'param_scheduler.1.milestones',
    ),
    _fault('val_evaluator.0.type', 'CocoMetrics', 'CocoMetric'),
    _fault('val_evaluator.0.metirc', 'bbox', 'metric'),
    ConfigFault(
        {'val_evaluator.0': dict(type='mmpretrain.Accuracy')},
        'val_evaluator.0.type',
    ),
    ConfigFault(
        {'val_evaluator.0': dict(type='CocoMetric', ann_file='gone.json')},
        'val_evaluator.0.ann_file',
    ),
    _fault(
        'default_hooks.checkpoint.save_best', 'cocoo/bbox_mAP', 'coco/bbox_mAP'
    ),
    _fault(
        'default_hooks.checkpoint.save_best', 'coco/bbox_mAPP', 'coco/bbox_mAP'
    ),
    _fault('default_hooks.checkpoint.save_best', 'bbox_mAP', 'coco/bbox_mAP'),
]

#: Found when a constructor refuses a value.
BUILD_FAULTS = [
    ConfigFault({'model.backbone.depth': 17}, 'model.backbone'),
    ConfigFault({'model.neck.num_outs': 1}, 'model.neck'),
    ConfigFault({'model.neck.norm_cfg.type': 'BNN'}, 'model.neck'),
]

#: ``--cfg-options`` that would make up a key without a word.
OPTION_FAULTS = [
    _fault('mdoel.backbone.depth', 18, 'model'),
    _fault(
        'default_hooks.checkpointt.interval', 2, 'default_hooks.checkpoint'
    ),
    _fault(
        'model.test_cfg.rcnn.scroe_thr', 0.1, 'model.test_cfg.rcnn.score_thr'
    ),
    _fault('train_dataloder.batch_size', 2, 'train_dataloader'),
    _fault('param_scheduler.9.end', 2),
    _fault('train_cfg.max_epochs.value', 2),
]
