# Stage 1 without training: words classify. The checkpoint to test is CLIP's:
#   python tools/test.py \
#       configs/remoteclip/contrastive_remoteclip-rn50_zero-shot_dior.py \
#       checkpoints/RemoteCLIP-RN50.pt
_base_ = [
    '../_base_/models/remoteclip-rn50_words.py',
    '../_base_/datasets/dior_crops.py',
    '../_base_/default_runtime_cls.py',
]

train_dataloader = None
val_cfg = dict()
test_cfg = dict()
custom_hooks = [dict(type='mmvision_ext.VocabularyHook')]
val_evaluator = [
    *_base_.val_evaluator,
    dict(type='mmvision_ext.WordRetrievalMetric'),
]
test_evaluator = val_evaluator
