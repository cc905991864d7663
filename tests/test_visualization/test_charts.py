"""Charts are written, at their size, with what they are given."""

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from mmvision_ext.utils import InputError
from mmvision_ext.visualization.charts import (
    SERIES_COLORS,
    Curve,
    Panel,
    plot_bars,
    plot_confusion,
    plot_curves,
)


def _pixels(path) -> np.ndarray:
    return np.asarray(Image.open(path).convert('RGB'))


def _has_color(picture: np.ndarray, color: str) -> bool:
    wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return bool((np.abs(picture.astype(int) - wanted) < 8).all(axis=2).any())


def test_each_run_has_one_colour_in_all_panels(tmp_path) -> None:
    line = Curve([1, 2, 3], [3.0, 2.0, 1.0])
    other = Curve([1, 2, 3], [1.0, 2.0, 3.0])
    panels = [
        Panel('loss', 'iteration', {'a': line, 'b': other}),
        Panel('mAP', 'epoch', {'b': other}),
    ]
    both = _pixels(plot_curves(panels, tmp_path / 'x' / 'both.png', 'Runs'))
    assert _has_color(both, SERIES_COLORS[0])
    right = both[:, both.shape[1] * 6 // 10 :]
    assert _has_color(right[: int(right.shape[0] * 0.8)], SERIES_COLORS[1])
    assert not _has_color(right, SERIES_COLORS[0])


def test_panels_share_rows(tmp_path) -> None:
    panel = Panel('loss', 'iteration', {'a': Curve([1, 2], [2.0, 1.0])})
    one = _pixels(plot_curves([panel] * 2, tmp_path / '1.png'))
    two = _pixels(plot_curves([panel] * 3, tmp_path / '2.png'))
    assert two.shape[1] == one.shape[1] and two.shape[0] > one.shape[0]


def test_no_panels_are_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match='at least one panel'):
        plot_curves([], tmp_path / 'x.png')


def test_longer_bars_for_larger_values_and_none_without(tmp_path) -> None:
    path = plot_bars(
        {'value': [1.0, 2.0, None]}, ['a', 'b', 'c'], tmp_path / 'bars.png'
    )
    picture = _pixels(path).astype(int)
    lengths = []
    for color in SERIES_COLORS[:3]:
        wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        match = (np.abs(picture - wanted) < 8).all(axis=2)
        lengths.append(int(match.sum(axis=1).max()))
    assert lengths[1] == pytest.approx(2 * lengths[0], rel=0.05)
    assert lengths[2] < 5


@pytest.mark.parametrize(
    ('columns', 'names'),
    [({}, ['a']), ({'x': []}, []), ({'x': [1.0]}, ['a', 'b'])],
)
def test_bars_without_one_value_per_name_are_refused(
    columns: dict, names: list, tmp_path
) -> None:
    with pytest.raises(ValueError, match='one value per name'):
        plot_bars(columns, names, tmp_path / 'x.png')


def test_confusion_shows_shares_of_rows_and_grey_where_undefined(
    tmp_path,
) -> None:
    matrix = np.array([[9.0, 1.0], [0.0, np.nan]])
    path = plot_confusion(matrix, ['a', 'b'], ['a', 'c'], tmp_path / 'm.png')
    picture = _pixels(path)
    full = ''.join(
        f'{value:02x}' for value in colormaps['Blues'](0.9, bytes=True)[:3]
    )
    assert _has_color(picture, f'#{full}')
    cells = (picture == 0xDD).all(axis=2).sum()
    assert cells > 1000  # a quarter of the matrix, more than a grid line


def test_a_class_without_objects_gives_no_division_by_zero(tmp_path) -> None:
    with np.errstate(all='raise'):
        path = plot_confusion(
            np.zeros((2, 2)), ['a', 'b'], ['a', 'b'], tmp_path / 'm.png'
        )
    assert path.is_file()


def test_confusion_of_another_shape_than_its_names_is_refused(
    tmp_path,
) -> None:
    with pytest.raises(ValueError, match=r'expected shape \(1, 2\)'):
        plot_confusion(np.zeros((2, 2)), ['a'], ['a', 'b'], tmp_path / 'x')


def test_a_long_title_is_broken_and_the_figure_grows(tmp_path) -> None:
    short = _pixels(plot_bars({'n': [1.0]}, ['a'], tmp_path / 's.png', 'word'))
    long = _pixels(
        plot_bars({'n': [1.0]}, ['a'], tmp_path / 'l.png', 'word ' * 40)
    )
    added = long.shape[0] - short.shape[0]
    assert long.shape[1] == short.shape[1] and added > 50
    assert (long[:added, -6:] > 250).all()
    assert (long[:added] < 50).any()


@pytest.mark.parametrize('name', ['a.xyz', 'a'])
def test_other_files_than_pictures_are_refused(tmp_path, name: str) -> None:
    panels = [Panel('loss', 'epoch', {'a': Curve([1, 2], [1, 2])})]
    with pytest.raises(InputError, match='expected a picture, '):
        plot_curves(panels, tmp_path / name)
    assert not any(tmp_path.iterdir())
