# The context-guided detector on RemoteCLIP's RN50
# (https://arxiv.org/abs/2306.11029), whose global feature lies beside the
# words already. Weights: https://huggingface.co/chendelong/RemoteCLIP; words:
#   python tools/model_converters/encode_text.py dior --templates aerial \
#       --architecture RN50-quickgelu \
#       --weights checkpoints/RemoteCLIP-RN50.pt \
#       --out checkpoints/remoteclip-rn50_dior.safetensors
# To begin with a stage 1 instead, set backbone.init_cfg.checkpoint to its
# epoch_10.pth and add prefix='backbone.'.
_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'

tower = dict(
    type='mmvision_ext.CLIPResNet',
    arch='RN50',
    attention_pool=True,
    init_cfg=dict(
        type='Pretrained', checkpoint='checkpoints/RemoteCLIP-RN50.pt'
    ),
)
model = dict(
    type='mmvision_ext.ContextGuidedRCNN',
    vocabulary='checkpoints/remoteclip-rn50_dior.safetensors',
    data_preprocessor=dict(
        mean=[122.7709, 116.7460, 104.0937],  # RGB, CLIP's times 255
        std=[68.5005, 66.6322, 70.3232],
    ),
    backbone=dict(_delete_=True, frozen_stages=1, **tower),
    roi_head=dict(
        type='mmvision_ext.ContextGuidedRoIHead',
        bbox_head=dict(
            type='mmvision_ext.WordBBoxHead',
            reg_class_agnostic=True,
            num_classes=20,  # words in training
            embed_dims=1024,
        ),
        context=dict(
            type='mmvision_ext.GlobalContext',
            in_channels=1024,
            embed_dims=1024,
            project=False,
            loss_contrast=dict(type='mmvision_ext.ImageWordContrastLoss'),
        ),
    ),
)
# The words in use are the classes of the data that come next.
custom_hooks = [dict(type='mmvision_ext.VocabularyHook')]
