# ConvNeXt-T at 32 px: 27.90 M parameters. A 3x3 stem of stride 1 in the place
# of 4x4 patches, stages at 32, 16, 8 and 4 px, and stochastic depth 0.3, as in
# openmixup, which reports 83.09 % after 200 epochs (batch 100).
_base_ = [
    '../_base_/models/convnext-tiny_cifar.py',
    '../_base_/datasets/cifar100_modern.py',
    '../_base_/schedules/adamw_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

stem = dict(kernel_size=3, stride=1, padding=1)
model = dict(
    backbone=dict(
        _delete_=True,
        type='mmvision_ext.adapt_layers',
        backbone=dict(type='ConvNeXt', arch='tiny', drop_path_rate=0.3),
        layers={'downsample_layers.0.0': stem},
    )
)
