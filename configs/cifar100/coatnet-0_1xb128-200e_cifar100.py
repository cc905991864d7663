# CoAtNet-0 at 32 px: 26.68 M parameters, 0.06 M fewer than at 224 px, since
# the tables of relative positions are smaller. The stem's stride is 1, stages
# are at 16, 8, 4 and 2 px: img_size=64 has tables for these sizes. Gradients
# are clipped, as in the paper.
_base_ = [
    '../_base_/models/coatnet-0_cifar.py',
    '../_base_/datasets/cifar100_modern.py',
    '../_base_/schedules/adamw_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmvision_ext.adapt_layers',
        backbone=dict(
            type='TIMMBackbone',
            model_name='coatnet_0_rw_224',
            img_size=64,
            drop_path_rate=0.2,
        ),
        layers={'timm_model.stem.conv1': dict(stride=1)},
    )
)

optim_wrapper = dict(clip_grad=dict(max_norm=1.0))
