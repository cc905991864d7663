# Runtime of every detection config: what runs beside the training itself.
default_scope = 'mmdet'
runner_type = 'mmvision_ext.Runner'  # checks, load report, CPU processes

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),  # iterations
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='mmvision_ext.SafeCheckpointHook',
        interval=1,
        max_keep_ckpts=3,
        save_best='auto',  # by the first metric of the evaluator
        rule='greater',
    ),
    exact_resume=dict(type='mmvision_ext.ExactResumeHook'),
    non_finite=dict(type='mmvision_ext.NonFiniteHook'),  # stops
    signals=dict(type='mmvision_ext.SignalHook'),  # saves, then ends
    corrupt_images=dict(type='mmvision_ext.CorruptImageHook'),  # stops
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='DetVisualizationHook'),
)

env_cfg = dict(
    cudnn_benchmark=False,  # image sizes vary
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)  # gloo where CUDA is absent

vis_backends = [
    dict(type='LocalVisBackend'),
    dict(type='TensorboardVisBackend'),
]
visualizer = dict(
    type='DetLocalVisualizer', vis_backends=vis_backends, name='visualizer'
)
log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True)

randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
