# ResNet-20 with Efficient Channel Attention on the residual of each block
# (https://arxiv.org/abs/1910.03151). The paper's kernel, 3 at these widths.
_base_ = [
    '../_base_/models/resnet20_cifar.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/sgd_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    backbone=dict(
        attention=dict(type='mmvision_ext.ECALayer', kernel_size=None),
        attention_position='before_add',
    )
)
