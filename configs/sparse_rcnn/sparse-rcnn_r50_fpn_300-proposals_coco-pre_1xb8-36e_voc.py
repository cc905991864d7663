_base_ = './sparse-rcnn_r50_fpn_300-proposals_1xb8-36e_voc.py'

# Sparse R-CNN R50-FPN, 300 proposals, 3x on COCO, 45.0 box AP. Sparse R-CNN
# needs long training; on the few images of VOC its heads starve without it.
load_from = 'https://download.openmmlab.com/mmdetection/v2.0/sparse_rcnn/sparse_rcnn_r50_fpn_300_proposals_crop_mstrain_480-800_3x_coco/sparse_rcnn_r50_fpn_300_proposals_crop_mstrain_480-800_3x_coco_20201223_024605-9fe92701.pth'  # noqa: E501
