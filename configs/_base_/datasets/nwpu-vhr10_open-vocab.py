# NWPU VHR-10 with four classes in training, and six to be found by their
# name. Two are held out, as in DIOR's split: their objects leave the training
# annotations, and so do images with no others. Four more have no object in
# the training images of the cut.
_base_ = './nwpu-vhr10.py'

base_classes = ('baseball_diamond', 'bridge', 'ship', 'tennis_court')
held_out = ('basketball_court', 'ground_track_field')
absent = ('airplane', 'harbor', 'storage_tank', 'vehicle')
# Base classes first: a label means the same class in training and test.
test_metainfo = dict(classes=base_classes + held_out + absent)

train_dataloader = dict(dataset=dict(metainfo=dict(classes=base_classes)))
val_dataloader = dict(dataset=dict(metainfo=test_metainfo))
test_dataloader = dict(dataset=dict(metainfo=test_metainfo))

val_evaluator = [
    dict(
        type='mmvision_ext.OpenVocabularyMetric',
        metric=['bbox'],
        novel_classes=held_out + absent,
        classwise=True,  # tells the two from the four
    ),
]
test_evaluator = val_evaluator
