# A cut of Caltech-101 with list files in meta/: another test set, so its
# accuracies are not comparable with those of the whole set.
_base_ = './caltech101.py'

train_dataloader = dict(dataset=dict(ann_file='meta/train.txt'))
val_dataloader = dict(dataset=dict(ann_file='meta/test.txt'))
test_dataloader = val_dataloader
