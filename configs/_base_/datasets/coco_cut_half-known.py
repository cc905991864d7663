# coco_cut.py, tested with half of the labels told to the model; the metric is
# over the others. Another `give` tells it nothing, for comparison:
#   --cfg-options test_dataloader.dataset.pipeline.3.give=False
_base_ = './coco_cut.py'

half_known_pipeline = [
    dict(type='mmvision_ext.LoadUprightImage'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='mmvision_ext.PackAttributes'),
    dict(type='mmvision_ext.RevealAttributes', share=0.5),
]
test_dataloader = dict(dataset=dict(pipeline=half_known_pipeline))
