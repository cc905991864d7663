# AlexNet with its fully connected head and a new last layer. With the backbone
# frozen, fc6 (head.classifier.1) and fc7 (head.classifier.4) are as well.
frozen = ['backbone', 'head.classifier.1', 'head.classifier.4']
pretrained = dict(type='Pretrained', checkpoint='torchvision://alexnet')
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=101,
        mean=[123.675, 116.28, 103.53],  # RGB
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    backbone=dict(type='mmvision_ext.AlexNetFeatures', init_cfg=pretrained),
    head=dict(
        type='mmvision_ext.AlexNetHead',
        num_classes=101,
        topk=(1, 5),
        cal_acc=True,
        init_cfg=pretrained,
    ),
)
