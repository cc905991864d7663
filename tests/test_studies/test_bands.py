"""Legends of the curves of a study."""

import itertools

import pytest
from matplotlib.figure import Figure

from mmvision_ext.studies import bands
from mmvision_ext.studies.chart_style import has_own_labels
from mmvision_ext.visualization.charts import Curve


@pytest.mark.parametrize('sizes', [(9, 2), (6, 3, 2, 5)])
def test_a_panels_legend_covers_nothing(
    sizes: tuple[int, ...], write, content, tmp_path, monkeypatch
) -> None:
    config = content['configs'][0]['configs'][0]['config']
    names = {
        f'group {group}': [f'network {group}.{i}, wide' for i in range(size)]
        for group, size in enumerate(sizes)
    }
    groups = [
        dict(group=group, configs=[dict(label=x, config=config) for x in of])
        for group, of in names.items()
    ]
    del content['baseline'], content['published']
    study = write({**content, 'configs': groups})
    assert has_own_labels(study)
    falling = [Curve([1, 2], [20.0, 1.0])]
    curves = {group: dict.fromkeys(of, falling) for group, of in names.items()}
    drawn: list[Figure] = []
    monkeypatch.setattr(bands, 'save_figure', lambda f, path: drawn.append(f))
    bands.plot_bands(study, curves, tmp_path / 'curves.png')
    [figure] = drawn
    figure.canvas.draw()
    legends = [axes.get_legend() for axes in figure.axes]
    assert [
        [text.get_text() for text in legend.get_texts()] for legend in legends
    ] == list(names.values())
    boxes = [legend.get_window_extent() for legend in legends]
    boxes += [figure.legends[0].get_window_extent()]
    for axes in figure.axes:
        boxes += [axes.bbox, axes.xaxis.label.get_window_extent()]
    for first, second in itertools.combinations(boxes, 2):
        assert not first.overlaps(second)
    for box in boxes:
        assert figure.bbox.contains(*box.min)
        assert figure.bbox.contains(*box.max)
    assert min(axes.bbox.height for axes in figure.axes) > 150
