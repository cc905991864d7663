# Runtime of every classification config: what runs beside the training itself.
default_scope = 'mmpretrain'
runner_type = 'mmvision_ext.Runner'  # checks, load report, CPU processes

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20),  # iterations
    param_scheduler=dict(type='ParamSchedulerHook'),
    # No save_best: where the test set is watched, the best epoch would be
    # chosen by it. The last epoch is the one that is reported.
    checkpoint=dict(
        type='mmvision_ext.SafeCheckpointHook', interval=1, max_keep_ckpts=3
    ),
    exact_resume=dict(type='mmvision_ext.ExactResumeHook'),
    non_finite=dict(type='mmvision_ext.NonFiniteHook'),  # stops
    signals=dict(type='mmvision_ext.SignalHook'),  # saves, then ends
    corrupt_images=dict(type='mmvision_ext.CorruptImageHook'),  # stops
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='VisualizationHook', enable=False),
    learning_rate=dict(type='mmvision_ext.LearningRateHook'),
    histograms=dict(type='mmvision_ext.HistogramHook'),  # to TensorBoard
)

env_cfg = dict(
    cudnn_benchmark=True,  # one image size
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)  # gloo where CUDA is absent

vis_backends = [
    dict(type='LocalVisBackend'),
    dict(type='TensorboardVisBackend'),
]
visualizer = dict(
    type='UniversalVisualizer', vis_backends=vis_backends, name='visualizer'
)

randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
