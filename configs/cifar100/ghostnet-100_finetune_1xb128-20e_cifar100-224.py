# GhostNet 1.0x, fine-tuned at 224 px from ImageNet: 4.03 M parameters. timm
# fetches the weights from the Hugging Face hub: timm/ghostnet_100.in1k.
_base_ = [
    '../_base_/models/ghostnet-100_cifar.py',
    '../_base_/datasets/cifar100_224.py',
    '../_base_/schedules/adamw_cifar_finetune_20e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    backbone=dict(
        backbone=dict(model_name='ghostnet_100.in1k', pretrained=True)
    )
)
