# ResNeSt-50 at 32 px, a quarter of the cost: 25.64 M parameters. The stem's
# stride is 1, then the pooling: stages at 16, 8, 4 and 2 px.
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
        layers={'stem.0.conv': dict(stride=1)},
    )
)
