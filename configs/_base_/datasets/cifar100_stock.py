# cifar100.py with mmpretrain's way: one image after another through a
# pipeline of transforms, in worker processes. The same data, augmentation and
# batches, to compare with.
_base_ = './cifar100.py'

# mmpretrain's RandomCrop pads with a constant; torchvision's can reflect.
train_pipeline = [
    dict(type='NumpyToPIL'),
    dict(
        type='torchvision/RandomCrop',
        size=32,
        padding=4,
        padding_mode='reflect',
    ),
    dict(type='PILToNumpy'),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]

data_preprocessor = dict(augments=[])

train_dataloader = dict(
    num_workers=2,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    collate_fn=dict(type='default_collate'),
    batch_sampler=None,
    dataset=dict(type='mmvision_ext.CIFAR100', pipeline=train_pipeline),
)
val_dataloader = dict(
    num_workers=2,
    persistent_workers=True,
    pin_memory=True,
    collate_fn=dict(type='default_collate'),
    batch_sampler=None,
    dataset=dict(type='mmvision_ext.CIFAR100'),
)
test_dataloader = val_dataloader
