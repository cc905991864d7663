# RemoteCLIP's RN50 (https://arxiv.org/abs/2306.11029) as a classifier by
# words. Weights: https://huggingface.co/chendelong/RemoteCLIP; the text tower
# is used once, to write the words:
#   python tools/model_converters/encode_text.py dior --templates aerial \
#       --architecture RN50-quickgelu \
#       --weights checkpoints/RemoteCLIP-RN50.pt \
#       --out checkpoints/remoteclip-rn50_dior.safetensors
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=20,
        mean=[122.7709, 116.7460, 104.0937],  # RGB, CLIP's times 255
        std=[68.5005, 66.6322, 70.3232],
        to_rgb=True,
    ),
    backbone=dict(
        type='mmvision_ext.CLIPResNet',
        arch='RN50',
        out_indices=(4,),  # the global feature
        attention_pool=True,
        init_cfg=dict(
            type='Pretrained', checkpoint='checkpoints/RemoteCLIP-RN50.pt'
        ),
    ),
    head=dict(
        type='mmvision_ext.WordClsHead',
        vocabulary='checkpoints/remoteclip-rn50_dior.safetensors',
    ),
)
