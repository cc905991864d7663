# DIOR with 16 base classes in training, and 4 more to be found by their name
# (the split of CastDet, https://arxiv.org/abs/2311.11646). Objects of the
# four leave the training annotations, and so do images with no others.
_base_ = './dior.py'

base_classes = (
    'airplane',
    'baseballfield',
    'bridge',
    'chimney',
    'dam',
    'Expressway-Service-area',
    'Expressway-toll-station',
    'golffield',
    'harbor',
    'overpass',
    'ship',
    'stadium',
    'storagetank',
    'tenniscourt',
    'trainstation',
    'vehicle',
)
novel_classes = ('airport', 'basketballcourt', 'groundtrackfield', 'windmill')
# Base classes first: a label means the same class in training and test.
test_metainfo = dict(classes=base_classes + novel_classes)

train_dataloader = dict(
    dataset=dict(metainfo=dict(classes=base_classes)),
)
val_dataloader = dict(dataset=dict(metainfo=test_metainfo))
test_dataloader = dict(dataset=dict(metainfo=test_metainfo))

val_evaluator = [
    dict(
        type='mmvision_ext.OpenVocabularyMetric',
        metric=['bbox'],
        novel_classes=novel_classes,
    ),
]
test_evaluator = val_evaluator
