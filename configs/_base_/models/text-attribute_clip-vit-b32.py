# CLIP ViT-B/32 (https://arxiv.org/abs/2103.00020) and the words for the
# attributes of COCO Attributes. One command fetches the weights and writes
# both files:
#   python tools/model_converters/encode_text.py coco_attributes_204 \
#       --templates photo --architecture ViT-B-32-quickgelu --weights openai \
#       --tower checkpoints/clip-vit-b32_openai.pth \
#       --out checkpoints/clip-vit-b32_openai_coco-attributes-204.safetensors
# Without a network, fetch open_clip's weights from
# https://huggingface.co/timm/vit_base_patch32_clip_224.openai elsewhere and
# give their path in the place of openai.
_base_ = './text-attribute.py'

model = dict(
    backbone=dict(
        architecture='ViT-B-32-quickgelu',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='checkpoints/clip-vit-b32_openai.pth',
        ),
    ),
    head=dict(
        num_classes=204,
        in_channels=512,
        embeddings='checkpoints/'
        'clip-vit-b32_openai_coco-attributes-204.safetensors',
    ),
)
