# NWPU VHR-10; its words:
#   python tools/model_converters/encode_text.py nwpu_vhr10 \
#       --templates aerial --architecture RN50-quickgelu \
#       --weights checkpoints/RemoteCLIP-RN50.pt \
#       --out checkpoints/remoteclip-rn50_nwpu-vhr10.safetensors
_base_ = [
    '../_base_/models/context-guided-rcnn_remoteclip-rn50_fpn.py',
    '../_base_/datasets/nwpu-vhr10.py',
    '../_base_/schedules/adamw_words_12e.py',
    '../_base_/default_runtime_det.py',
]

model = dict(
    vocabulary='checkpoints/remoteclip-rn50_nwpu-vhr10.safetensors',
    roi_head=dict(bbox_head=dict(num_classes=10)),
)
