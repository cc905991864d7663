# CLIP RN50 (https://arxiv.org/abs/2103.00020) and the words for aPascal's
# attributes. One command fetches the weights and writes both files:
#   python tools/model_converters/encode_text.py apascal_64 --templates photo \
#       --architecture RN50-quickgelu --weights openai \
#       --tower checkpoints/clip-rn50_openai.pth \
#       --out checkpoints/clip-rn50_openai_apascal-64.safetensors
# Without a network, fetch open_clip's weights from
# https://huggingface.co/timm/resnet50_clip.openai elsewhere and give their
# path in the place of openai.
_base_ = './text-attribute.py'

model = dict(
    backbone=dict(
        architecture='RN50-quickgelu',
        init_cfg=dict(
            type='Pretrained', checkpoint='checkpoints/clip-rn50_openai.pth'
        ),
    ),
    head=dict(
        num_classes=64,
        in_channels=1024,
        embeddings='checkpoints/clip-rn50_openai_apascal-64.safetensors',
    ),
)
