# What the classifiers of Caltech-101 share: ImageNet's normalisation, and a
# 1x1 convolution and global average pooling as head
# (https://arxiv.org/abs/1312.4400). A model gives its backbone and that one's
# channels.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=101,
        mean=[123.675, 116.28, 103.53],  # RGB
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    head=dict(
        type='mmvision_ext.ConvGAPHead',
        num_classes=101,
        topk=(1, 5),
        cal_acc=True,
    ),
)
