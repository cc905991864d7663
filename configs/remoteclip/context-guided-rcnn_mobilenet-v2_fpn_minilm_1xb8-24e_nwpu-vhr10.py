# Light, for CPUs: words, guided by the whole image.
_base_ = [
    '../_base_/models/context-guided-rcnn_mobilenet-v2_fpn_minilm.py',
    '../_base_/datasets/nwpu-vhr10.py',
    '../_base_/schedules/adamw_words_24e.py',
    '../_base_/default_runtime_det.py',
]
