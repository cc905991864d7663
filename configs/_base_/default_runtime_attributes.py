# Runtime of the attribute configs: the best epoch by validation mAP is kept
# beside the last ones, since their data have validation images of their own.
# Trainings and tests end with a report.
_base_ = ['./default_runtime_cls.py']

default_hooks = dict(
    checkpoint=dict(save_best='attributes/mAP', rule='greater'),
    training_report=dict(type='mmvision_ext.TrainingReportHook'),
    inference_report=dict(type='mmvision_ext.InferenceReportHook'),
)
