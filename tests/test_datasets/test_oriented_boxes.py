"""Oriented annotations to horizontal ones, through the parser of datasets."""

import runpy
import sys

import pytest

from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.datasets.oriented_boxes import (
    CORNERS,
    convert_oriented,
    horizontal_box,
)
from mmvision_ext.datasets.voc_devkit import parse_voc_xml

SIZE = '<size><width>80</width><height>60</height><depth>3</depth></size>'
TILTED = (30, 5, 50.5, 20, 40, 41, 20, 25)


def corners(values, kind='robndbox'):
    tags = [tag for pair in CORNERS[kind] for tag in pair]
    body = ''.join(
        f'<{tag}>{value}</{tag}>'
        for tag, value in zip(tags, values, strict=False)
    )
    return f'<{kind}>{body}</{kind}>'


def thing(shape, name='ship', extra=''):
    return (
        f'<object><name>{name}</name><pose>Unspecified</pose>{extra}{shape}'
        '</object>'
    )


@pytest.fixture
def folder(tmp_path):
    """Write files of a folder of oriented annotations."""
    source = tmp_path / 'Oriented Bounding Boxes'
    source.mkdir()

    def write(name, *things, size=SIZE):
        content = f'<annotation>{size}{"".join(things)}</annotation>'
        (source / name).write_text(content)
        return source

    return write


def test_box_is_the_smallest_around_the_corners():
    points = list(zip(TILTED[::2], TILTED[1::2], strict=True))
    assert horizontal_box(points) == (20, 5, 50.5, 41)
    assert horizontal_box(points, (45, 30)) == (20, 5, 45, 30)


@pytest.mark.parametrize('kind', ['robndbox', 'polygon'])
def test_files_read_as_horizontal_annotations(folder, tmp_path, kind):
    extra = '<type>robndbox</type><difficult>1</difficult>'
    source = folder(
        '00001.xml',
        thing(
            corners(TILTED, kind), extra=extra, name='Expressway-toll-station'
        ),
        thing(corners((-3, 10, 9, -2, 90, 70, 60, 80), kind)),
    )
    folder('00002.xml')
    out = tmp_path / 'new' / 'hbb'
    count = convert_oriented(source, out)
    assert (count.files, count.objects, count.clipped) == (2, 2, 1)
    assert '2 objects, 1 boxes clipped' in count.text()
    parsed = parse_voc_xml(out / '00001.xml')
    assert parsed.size == (80, 60)
    first, second = parsed.objects
    assert first.name == 'Expressway-toll-station' and first.difficult
    assert first.bbox == (19, 4, 50.5, 41)
    assert second.bbox == (0, 0, 80, 60)
    assert parse_voc_xml(out / '00002.xml').objects == ()
    text = (out / '00001.xml').read_text()
    assert kind not in text.replace('<type>bndbox</type>', '')
    assert '<type>bndbox</type>' in text and 'Unspecified' in text


def test_without_a_size_nothing_is_clipped(folder, tmp_path):
    shape = corners((-3, 10, 9, -2, 90, 70, 60, 80))
    source = folder('1.xml', thing(shape), size='')
    assert convert_oriented(source, tmp_path / 'out').clipped == 0
    [item] = parse_voc_xml(tmp_path / 'out' / '1.xml').objects
    assert item.bbox == (-4, -3, 90, 80)


@pytest.mark.parametrize(
    'things, match',
    [
        (thing(corners(TILTED[:7])), 'robndbox/y_left_bottom is missing'),
        (thing(corners(('a',) + TILTED[1:])), "x_left_top: .*found 'a'"),
        (thing(corners(('inf',) + TILTED[1:])), "x_left_top: .*'inf'"),
        (thing('<bndbox/>'), r'object 1 \(ship\).*found name, pose, bndbox'),
        (thing(corners((90, 1, 95, 1, 95, 9, 90, 9))), 'pixels of the image'),
        ('<object>', 'no valid XML'),
    ],
)
def test_malformed_files_write_nothing(folder, tmp_path, things, match):
    folder('00001.xml', thing(corners(TILTED)))
    source = folder('00002.xml', things)
    with pytest.raises(AnnotationError, match=match) as error:
        convert_oriented(source, tmp_path / 'out')
    assert error.match(r'00002\.xml')
    assert not (tmp_path / 'out').exists()


def test_malformed_files_come_in_one_message(folder, tmp_path):
    for name in ('1.xml', '2.xml'):
        source = folder(name, '<object>')
    match = r'^2 files cannot be converted:\n  - .*1\.xml: .*\n  - .*2\.xml: '
    with pytest.raises(AnnotationError, match=match):
        convert_oriented(source, tmp_path / 'out')


def test_folders(folder, tmp_path):
    source = folder('1.xml', thing(corners(TILTED)))
    with pytest.raises(DatasetError, match='has none'):
        convert_oriented(tmp_path, tmp_path / 'out')
    with pytest.raises(DatasetError, match='has some already'):
        convert_oriented(source, source)


def test_tool(folder, tmp_path, repository, monkeypatch, capsys):
    source = folder('1.xml', thing(corners(TILTED)))
    tool = repository / 'tools/dataset_converters/oriented_boxes.py'

    def run(out):
        arguments = [str(tool), str(source), '--out', str(out)]
        monkeypatch.setattr(sys, 'argv', arguments)
        runpy.run_path(str(tool), run_name='__main__')

    run(tmp_path / 'out')
    printed = capsys.readouterr().out
    assert '1 files written, 1 objects, 0 boxes clipped' in printed
    with pytest.raises(SystemExit) as stopped:
        run(source)
    assert stopped.value.code
    assert 'has some already' in str(stopped.value) + capsys.readouterr().err
