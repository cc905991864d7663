# What docs/reliability.md promises, for any config of mmdet or mmpretrain:
#   _base_ = ['mmdet::retinanet/retinanet_r50_fpn_1x_coco.py',
#             'path/to/configs/_base_/safe_runtime.py']
runner_type = 'mmvision_ext.SafeRunner'
