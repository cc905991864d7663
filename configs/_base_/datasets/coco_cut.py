# A cut of COCO 2017 with attributes of its images: of 100 training images 80
# to train and 20 to choose the epoch; 55 validation images to test.
_base_ = './coconut.py'

drawn = dict(
    ann_file='annotations/instances_train2017.json',
    data_prefix='train2017',
    split_sizes=(0.8, 0.2, 0.0),
)
train_dataloader = dict(batch_size=16, dataset=drawn)
val_dataloader = dict(dataset=drawn)
test_dataloader = dict(
    dataset=dict(
        ann_file='annotations/instances_val2017.json',
        data_prefix='val2017',
        split='all',
        test_mode=True,
    )
)
