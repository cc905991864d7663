_base_ = './mask-rcnn_r50_fpn_1xb8-24e_voc.py'

# Mask R-CNN R50-FPN 2x on COCO, 39.2 box AP, 35.4 mask AP. The 80-class
# layers do not fit 20 classes: the load report names them.
load_from = 'https://download.openmmlab.com/mmdetection/v2.0/mask_rcnn/mask_rcnn_r50_fpn_2x_coco/mask_rcnn_r50_fpn_2x_coco_bbox_mAP-0.392__segm_mAP-0.354_20200505_003907-3e542a40.pth'  # noqa: E501

# A tenth of the rate from ImageNet: the detector has been trained already.
optim_wrapper = dict(optimizer=dict(lr=0.002))
