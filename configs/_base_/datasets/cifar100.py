# CIFAR-100, complete or cut, as one tensor on the training device; batches
# are augmented there. data/cifar100 holds cifar-100-python, class folders or
# stacked files.
data_root = '{{$MMVISION_DATA_ROOT:data}}/cifar100/'

data_preprocessor = dict(
    type='mmvision_ext.BatchDataPreprocessor',
    # RGB, over the pixels of the complete training set
    mean=[129.30, 124.07, 112.43],
    std=[68.17, 65.39, 70.42],
    augments=[
        dict(type='mmvision_ext.BatchRandomCrop', padding=4),
        dict(type='mmvision_ext.BatchRandomFlip', prob=0.5),
    ],
    channels_last=True,
)

train_dataloader = dict(
    batch_size=128,
    num_workers=0,  # a batch is one indexing
    # what mmpretrain's scripts would switch on
    persistent_workers=False,
    pin_memory=False,
    collate_fn=dict(type='mmvision_ext.keep_batch'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    batch_sampler=dict(type='mmvision_ext.TensorBatchSampler', drop_last=True),
    dataset=dict(
        type='mmvision_ext.TensorImageDataset',
        data_root=data_root,
        split='train',
    ),
)
val_dataloader = dict(
    batch_size=500,
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    collate_fn=dict(type='mmvision_ext.keep_batch'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    batch_sampler=dict(type='mmvision_ext.TensorBatchSampler'),
    dataset=dict(
        type='mmvision_ext.TensorImageDataset',
        data_root=data_root,
        split='test',
        # of single images, for tools that go image by image
        pipeline=[
            dict(type='Resize', scale=32, interpolation='bicubic'),
            dict(type='PackInputs'),
        ],
    ),
)
test_dataloader = val_dataloader

val_evaluator = [dict(type='mmvision_ext.ClassificationMetric', topk=(1, 5))]
test_evaluator = val_evaluator
