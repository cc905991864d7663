"""Image lists, XML and images of a devkit, sound and malformed."""

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.datasets.voc_devkit import (
    clip_to_image,
    find_image,
    parse_voc_xml,
    read_image_list,
    read_image_size,
)

SIZE = '<size><width>60</width><height>40</height></size>'
BOX = (
    '<bndbox><xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax>'
    '<ymax>{3}</ymax></bndbox>'
)
GOOD_BOX = BOX.format(11, 6, 30, 25)


def annotation(inside='', size=SIZE):
    return f'<annotation>{size}<object>{inside}</object></annotation>'


def named(inside):
    return annotation(f'<name>cat</name>{inside}')


@pytest.fixture
def parse(tmp_path):

    def parse_text(text):
        path = tmp_path / 'image.xml'
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return parse_voc_xml(path)

    return parse_text


def test_box_becomes_zero_based_pixel_edges(parse):
    parsed = parse(named(GOOD_BOX))
    assert parsed.size == (60, 40)
    assert parsed.objects[0].name == 'cat'
    assert parsed.objects[0].bbox == (10, 5, 30, 25)
    assert not parsed.objects[0].difficult


def test_float_coordinates_and_one_pixel_boxes(parse):
    box = parse(named(BOX.format(10.5, 5.25, 30.75, 25))).objects[0].bbox
    assert box == (9.5, 4.25, 30.75, 25)
    box = parse(named(BOX.format(7, 8, 7, 8))).objects[0].bbox
    assert box == (6, 7, 7, 8)


@pytest.mark.parametrize(
    'flag, expected',
    [
        ('<difficult>1</difficult>', True),
        ('<difficult>0</difficult>', False),
        ('<difficult/>', False),
        ('', False),
    ],
)
def test_difficult_may_be_missing(parse, flag, expected):
    assert parse(named(GOOD_BOX + flag)).objects[0].difficult is expected


def test_parts_of_persons_are_not_objects(parse):
    part = f'<part><name>head</name>{BOX.format(1, 1, 2, 2)}</part>'
    parsed = parse(annotation(f'{part}<name>person</name>{GOOD_BOX}'))
    assert [item.name for item in parsed.objects] == ['person']
    assert parsed.objects[0].bbox == (10, 5, 30, 25)


def test_no_objects(parse):
    assert parse(f'<annotation>{SIZE}</annotation>').objects == ()


@pytest.mark.parametrize(
    'size',
    ['', '<size><width>0</width><height>0</height><depth>3</depth></size>'],
)
def test_size_may_be_missing_or_zero(parse, size):
    assert parse(annotation(f'<name>cat</name>{GOOD_BOX}', size)).size is None


@pytest.mark.parametrize(
    'text, words',
    [
        ('', ['no valid XML']),
        ('{"annotation": 1}', ['no valid XML']),
        (named(GOOD_BOX)[:-20], ['no valid XML']),
        (b'\xff\xfe\x00\x01\x02', ['no valid XML']),
        (
            '<?xml version="1.0" encoding="klingon"?><annotation/>',
            ['no valid XML'],
        ),
        ('<html/>', ['<annotation>', '<html>']),
        (annotation(GOOD_BOX), ['object 1', '<name>']),
        (annotation(f'<name>  </name>{GOOD_BOX}'), ['object 1', '<name>']),
        (named(''), ['object 1 (cat)', '<bndbox>']),
        (
            named('<bndbox><ymin>1</ymin></bndbox>'),
            ['object 1 (cat)', 'bndbox/xmin', 'missing'],
        ),
        (named(BOX.format('nan', 1, 2, 3)), ['bndbox/xmin', "'nan'"]),
        (named(BOX.format(1, 1, 2, 'inf')), ['bndbox/ymax', "'inf'"]),
        (named(BOX.format(1, '', 2, 3)), ['bndbox/ymin', "''"]),
        (named(BOX.format(1, 'one', 2, 3)), ['bndbox/ymin', "'one'"]),
        (named(BOX.format(30, 6, 11, 25)), ['inverted', 'xmin 30', 'xmax 11']),
        (named(BOX.format(11, 25, 30, 6)), ['inverted', 'ymin 25', 'ymax 6']),
        (
            named(GOOD_BOX + '<difficult>2</difficult>'),
            ['difficult', '0 or 1', '2'],
        ),
        (
            named(GOOD_BOX + '<difficult>yes</difficult>'),
            ['difficult', "'yes'"],
        ),
        (
            annotation(
                f'<name>cat</name>{GOOD_BOX}', '<size><width>60</width></size>'
            ),
            ['size/height', 'missing'],
        ),
        (
            annotation(
                f'<name>cat</name>{GOOD_BOX}', SIZE.replace('60', '-60')
            ),
            ['size', '-60'],
        ),
        (
            annotation(
                f'<name>cat</name>{GOOD_BOX}', SIZE.replace('60', 'wide')
            ),
            ['size/width', "'wide'"],
        ),
    ],
)
def test_malformed_xml_names_file_and_field(parse, text, words):
    with pytest.raises(AnnotationError) as caught:
        parse(text)
    for word in ['image.xml', *words]:
        assert word in str(caught.value)


def test_missing_xml(tmp_path):
    with pytest.raises(AnnotationError, match='no such annotation file'):
        parse_voc_xml(tmp_path / 'absent.xml')


def test_truncated_xml_is_an_annotation_error(parse):
    text = named(GOOD_BOX)
    for cut in range(len(text)):
        with pytest.raises(AnnotationError, match='image.xml'):
            parse(text[:cut])


def test_garbled_xml_parses_or_is_an_annotation_error(parse):
    rng = np.random.default_rng(0)
    sound = named(GOOD_BOX + '<difficult>1</difficult>').encode()
    refused = 0
    for _ in range(300):
        garbled = bytearray(sound)
        garbled[rng.integers(len(garbled))] = rng.integers(32, 127)
        try:
            parse(bytes(garbled))
        except AnnotationError as error:
            assert 'image.xml' in str(error)
            refused += 1
    assert 100 < refused < 300


def test_boxes_are_clipped_by_at_most_a_pixel():
    assert clip_to_image((-1, 0, 61, 40.5), (60, 40), 'x') == (0, 0, 60, 40)
    inside = (3.5, 0.0, 60.0, 40.0)
    assert clip_to_image(inside, (60, 40), 'x') == inside


@pytest.mark.parametrize(
    'bbox',
    [
        (-1.5, 0, 20, 20),
        (0, 0, 61.5, 20),
        (0, 0, 20, 42),
        (70, 10, 90, 20),
        (-1, 0, 0, 20),
        (60, 0, 61, 20),
    ],
)
def test_boxes_outside_are_errors(bbox):
    with pytest.raises(AnnotationError) as caught:
        clip_to_image(bbox, (60, 40), 'image.xml: object 2 (dog)')
    message = str(caught.value)
    assert 'image.xml: object 2 (dog)' in message
    assert f'xmin {bbox[0] + 1:g}' in message
    assert 'xmax <= 60' in message and 'ymax <= 40' in message


def test_image_list(tmp_path):
    path = tmp_path / 'train.txt'
    path.write_bytes(b'\xef\xbb\xbf2008_000001\r\n\r\n2008_000002 \n')
    entries = read_image_list(path)
    assert [(entry.img_id, entry.line, entry.flag) for entry in entries] == [
        ('2008_000001', 1, None),
        ('2008_000002', 3, None),
    ]


def test_class_list(tmp_path):
    path = tmp_path / 'cat_train.txt'
    path.write_text('a  1\nb -1\nc  0\n')
    assert [entry.flag for entry in read_image_list(path)] == [1, -1, 0]


@pytest.mark.parametrize(
    'text, words',
    [
        ('a\nb 2\n', ['line 2', "'b 2'", '-1, 0 or 1']),
        ('/img/a.jpg /mask/a.png\n', ['line 1']),
        ('a 1 1\n', ['line 1', "'a 1 1'"]),
        ('a\nb\na\n', ['line 3', "'a'", 'line 1']),
    ],
)
def test_malformed_list_names_file_and_line(tmp_path, text, words):
    path = tmp_path / 'train.txt'
    path.write_text(text)
    with pytest.raises(AnnotationError) as caught:
        read_image_list(path)
    for word in ['train.txt', *words]:
        assert word in str(caught.value)


def test_list_of_other_bytes(tmp_path):
    path = tmp_path / 'train.txt'
    path.write_bytes(b'\xff\xfe\xfa')
    with pytest.raises(AnnotationError, match='UTF-8'):
        read_image_list(path)


def test_missing_list_names_its_neighbours(tmp_path):
    (tmp_path / 'trainval.txt').touch()
    with pytest.raises(DatasetError) as caught:
        read_image_list(tmp_path / 'train.txt')
    assert 'ann_file' in str(caught.value)
    assert 'trainval.txt' in str(caught.value)


@pytest.mark.parametrize('suffix', ['.jpg', '.jpeg', '.png', '.JPG'])
def test_image_suffix_is_found(tmp_path, suffix):
    (tmp_path / f'a{suffix}').touch()
    assert find_image(tmp_path, 'a').name.lower() == f'a{suffix}'.lower()
    assert find_image(tmp_path, 'b') is None


def test_image_size_follows_exif_rotation(tmp_path):
    path = tmp_path / 'a.jpg'
    Image.new('RGB', (60, 40)).save(path)
    assert read_image_size(path) == (60, 40)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new('RGB', (60, 40)).save(path, exif=exif)
    assert read_image_size(path) == (40, 60)


def test_unreadable_image(tmp_path):
    path = tmp_path / 'a.jpg'
    path.write_bytes(b'not an image')
    with pytest.raises(AnnotationError, match='a.jpg: expected an image'):
        read_image_size(path)


def test_an_image_of_far_too_many_pixels(tmp_path, monkeypatch):
    path = tmp_path / 'a.png'
    Image.new('RGB', (60, 40)).save(path)
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 1000)
    with pytest.raises(AnnotationError, match='a.png: .* decompression bomb'):
        read_image_size(path)
