# ResNeSt-50 at 32 px: 25.64 M parameters. The stem's stride is 1 and no
# pooling follows: stages at 32, 16, 8 and 4 px. SGD, label smoothing, mixup
# and strong augmentation, as in the paper.
_base_ = [
    '../_base_/models/resnest50d_cifar.py',
    '../_base_/datasets/cifar100_modern.py',
    '../_base_/schedules/sgd_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmvision_ext.adapt_layers',
        backbone={{_base_.backbone}},
        layers={'stem.0.conv': dict(stride=1), 'maxpool': None},
    )
)
