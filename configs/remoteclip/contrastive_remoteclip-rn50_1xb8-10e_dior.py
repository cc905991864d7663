# Stage 1: the image tower learns against frozen words, by a contrastive loss
# and cross-entropy.
_base_ = [
    '../_base_/models/remoteclip-rn50_words.py',
    '../_base_/datasets/dior_crops.py',
    '../_base_/schedules/adamw_contrastive_10e.py',
    '../_base_/default_runtime_cls.py',
]

custom_hooks = [dict(type='mmvision_ext.VocabularyHook')]
val_evaluator = [
    *_base_.val_evaluator,
    dict(type='mmvision_ext.WordRetrievalMetric'),
]
test_evaluator = val_evaluator
