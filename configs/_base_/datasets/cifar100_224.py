# cifar100.py for fine-tuning from ImageNet: 224 px, as there. The images are
# augmented at 32 px and enlarged on the device.
_base_ = './cifar100.py'

data_preprocessor = dict(
    mean=[123.675, 116.28, 103.53],  # of ImageNet
    std=[58.395, 57.12, 57.375],
    size=224,
    interpolation='bicubic',
)
