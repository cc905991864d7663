# A detector whose classes are words, guided by the whole image. A leaf sets
# backbone, vocabulary (an embedding file), and the dimension of its words in
# bbox_head and context.
_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'

model = dict(
    type='mmvision_ext.ContextGuidedRCNN',
    roi_head=dict(
        type='mmvision_ext.ContextGuidedRoIHead',
        bbox_head=dict(
            type='mmvision_ext.WordBBoxHead', reg_class_agnostic=True
        ),
        context=dict(type='mmvision_ext.GlobalContext'),
    ),
)
# The words in use are the classes of the data that come next.
custom_hooks = [dict(type='mmvision_ext.VocabularyHook')]
