"""Settings of the command line fit the config that they change."""

from mmengine.config import Config

from mmvision_ext.utils.config.options import merge_options


def test_a_list_becomes_a_tuple_where_the_config_has_one() -> None:
    cfg = Config(
        dict(
            train_dataloader=dict(
                dataset=dict(pipeline=[dict(scale=(1000, 600), prob=[0.5])])
            )
        )
    )
    step = 'train_dataloader.dataset.pipeline.0'
    merge_options(cfg, {f'{step}.scale': [480, 288], f'{step}.prob': [1.0]})
    [found] = cfg.train_dataloader.dataset.pipeline
    assert (found.scale, found.prob) == ((480, 288), [1.0])


def test_nested_lists_follow_what_they_replace() -> None:
    cfg = Config(
        dict(
            train_dataloader=dict(
                scales=[(1333, 800), (1333, 640)], ratios=((1, 2), (3, 4))
            )
        )
    )
    merge_options(
        cfg,
        {
            'train_dataloader.scales': [[384, 256], [576, 384], [640, 480]],
            'train_dataloader.ratios': ([1, 2], [3, 4]),
        },
    )
    found = cfg.train_dataloader
    assert found.scales == [(384, 256), (576, 384), (640, 480)]
    assert found.ratios == ((1, 2), (3, 4))
