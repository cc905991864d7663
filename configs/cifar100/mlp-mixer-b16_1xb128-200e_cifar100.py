# MLP-Mixer-B at 32 px: 64 tokens of 4x4 px in the place of 196 of 16x16, so
# 57.42 M parameters in the place of 59.19 M: token mixing and patch embedding
# are smaller. Weight decay 0.1 and clipping at 1, as in the paper.
_base_ = [
    '../_base_/models/mlp-mixer-b16_cifar.py',
    '../_base_/datasets/cifar100_modern.py',
    '../_base_/schedules/adamw_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(backbone=dict(img_size=32, patch_size=4))
optim_wrapper = dict(
    optimizer=dict(weight_decay=0.1), clip_grad=dict(max_norm=1.0)
)
