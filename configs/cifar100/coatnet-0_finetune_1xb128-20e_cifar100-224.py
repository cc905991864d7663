# CoAtNet-0, fine-tuned at 224 px from ImageNet: 26.74 M parameters. timm
# fetches the weights from the Hugging Face hub: timm/coatnet_0_rw_224.sw_in1k.
_base_ = [
    '../_base_/models/coatnet-0_cifar.py',
    '../_base_/datasets/cifar100_224.py',
    '../_base_/schedules/adamw_cifar_finetune_20e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    backbone=dict(model_name='coatnet_0_rw_224.sw_in1k', pretrained=True)
)

# What these weights expect: [-1, 1].
data_preprocessor = dict(mean=[127.5] * 3, std=[127.5] * 3)
