# cross-modal_efficientnet-lite0_1xb16-30e_coco-cut.py, tested as a search too:
# by the cosine of embeddings and by scores.
_base_ = [
    '../_base_/models/cross-modal_efficientnet-lite0.py',
    '../_base_/datasets/coco_cut.py',
    '../_base_/schedules/adamw_clip_30e_small-data.py',
    '../_base_/default_runtime_attributes.py',
]

test_evaluator = [
    dict(type='mmvision_ext.AttributeMetric'),
    dict(type='mmvision_ext.RetrievalMetric'),
    dict(
        type='mmvision_ext.RetrievalMetric',
        similarity='pred_score',
        prefix='retrieval_by_score',
    ),
]
auto_scale_lr = dict(base_batch_size=16)
