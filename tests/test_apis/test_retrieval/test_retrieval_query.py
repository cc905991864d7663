"""Searches by attributes, images and words against plain numpy; pages."""

import csv
import json
import os
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.apis.retrieval import (
    load_index,
    search_attributes,
    search_image,
    search_text,
    text_table,
    update_index,
    write_result,
)
from mmvision_ext.utils import InputError


@pytest.fixture
def index(encoder, colour_images, tmp_path):
    update_index(
        encoder,
        colour_images,
        tmp_path / 'index',
        progress=False,
        recursive=True,
    )
    encoder.read.clear()
    return load_index(tmp_path / 'index')


@pytest.fixture
def faiss():
    return pytest.importorskip('faiss', reason='faiss-cpu is not installed')


def paths(result):
    return [hit.path for hit in result.hits]


def test_attributes(index):
    found = search_attributes(index, 'red and not very blue', top=3)
    assert paths(found) == ['red.png', 'yellow.png', 'black.png']
    assert [hit.rank for hit in found.hits] == [1, 2, 3]
    assert found.hits[2].score == pytest.approx(10 / 255)
    assert found.hits[0].details == pytest.approx(
        {'red': 1.0, 'very blue': 0.0}
    )
    assert found.searched == 6
    with pytest.raises(InputError, match="did you mean 'very blue'"):
        search_attributes(index, 'very blu')
    with pytest.raises(InputError, match='at least 1'):
        search_attributes(index, 'red', top=0)


def test_text_finds_what_numpy_finds(index, encoder, faiss):
    found = search_text(index, 'yellow', lambda: encoder, top=99)
    cosines = index.vectors @ encoder.encode_text('yellow')
    order = np.lexsort((np.arange(6), -cosines))
    assert paths(found) == [index.images[i].path for i in order]
    assert [hit.score for hit in found.hits] == pytest.approx(cosines[order])


def test_of_equal_images_the_first_by_path_are_found(
    encoder, paint, tmp_path, faiss
):
    # red and green are equally near to yellow, and white is nearer
    colours = ('red', 'green', 'green', 'red', 'white', 'green', 'white')
    for name, colour in zip('abcdefg', colours, strict=True):
        images = paint(name + '.png', colour).parent
    index, _ = update_index(
        encoder, images, tmp_path / 'index', progress=False
    )
    for top in range(1, 8):
        found = search_text(index, 'yellow', lambda: encoder, top)
        assert paths(found) == [f'{name}.png' for name in 'egabcdf'][:top]
    found = search_image(index, images / 'b.png', top=2)
    assert paths(found) == ['c.png', 'f.png']


def test_image_of_the_index_needs_no_model(index, colour_images, faiss):
    path = colour_images / 'red.png'
    found = search_image(index, path, top=2)
    # black.png is a dark red
    assert paths(found) == ['black.png', 'yellow.png']
    assert found.hits[0].score == pytest.approx(1)
    os.utime(path, ns=(1, 1))
    with pytest.raises(InputError, match='expected the model that made'):
        search_image(index, path)


def test_a_link_is_known_as_itself(encoder, paint, tmp_path, faiss):
    images = paint('a.png', 'red').parent
    paint('b.png', 'blue')
    (images / 'link.png').symlink_to(paint('../elsewhere.png', 'yellow'))
    index, _ = update_index(
        encoder, images, tmp_path / 'index', progress=False
    )
    found = search_image(index, images / 'link.png')
    assert paths(found) == ['a.png', 'b.png']
    (tmp_path / 'alias').symlink_to(images)  # of the folder
    (tmp_path / 'alias.png').symlink_to(images / 'a.png')  # of an image
    for alias in ('alias/a.png', 'alias.png'):
        found = search_image(index, tmp_path / alias)
        assert paths(found) == ['link.png', 'b.png']


def test_names_that_pages_cannot_hold(index, encoder, paint, colour_images):
    path = paint(os.fsdecode(b'\xff.png'), 'red')
    with pytest.raises(InputError, match='file names: expected UTF-8'):
        search_image(index, path, lambda: encoder)
    with pytest.raises(InputError, match='file names: expected UTF-8'):
        update_index(encoder, colour_images, 'none', progress=False)


def test_other_image_is_read(index, encoder, paint, faiss):
    found = search_image(
        index, paint('../new.png', 'green'), lambda: encoder, 1
    )
    assert paths(found) == ['more/green.png']
    assert encoder.read == ['new.png']
    with pytest.raises(InputError, match='expected a file, found none'):
        search_image(index, 'nowhere.png', lambda: encoder)


def test_other_model_is_refused(index, other_encoder, paint):
    with pytest.raises(InputError, match='expected the model that made it'):
        search_text(index, 'red', lambda: other_encoder)
    with pytest.raises(InputError, match='which words needs'):
        search_text(index, 'red')


def test_index_of_one_image(encoder, paint, tmp_path, faiss):
    path = paint('red.png', 'red')
    index, _ = update_index(
        encoder, path.parent, tmp_path / 'index', progress=False
    )
    with pytest.raises(InputError, match='image beside the one'):
        search_image(index, path)


def test_without_faiss_attributes_still_work(index, encoder, monkeypatch):
    monkeypatch.setitem(sys.modules, 'faiss', None)
    with pytest.raises(InputError, match='pip install faiss-cpu'):
        search_text(index, 'red', lambda: encoder)
    assert search_attributes(index, 'red').hits


class _Figures(HTMLParser):
    """Pictures, figures and other files of a page."""

    def __init__(self, page):
        super().__init__()
        self.pictures, self.files, self.scripts = [], [], 0
        self.titles = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        for key, value in attrs:
            if key == 'src' and value.startswith('data:image/jpeg;base64,'):
                self.pictures.append(value)
            elif key in ('src', 'href'):
                self.files.append(value)
            elif key == 'title':
                self.titles.append(value)
        self.scripts += tag == 'script'


def test_files_of_a_search(index, tmp_path, colour_images):
    found = search_attributes(index, 'red or green', top=4)
    files = write_result(found, tmp_path / 'out')
    assert [path.name for path in files] == [
        'hits.csv',
        'hits.json',
        'hits.html',
        'hits.png',
    ]
    rows = list(csv.DictReader(files[0].open(newline='')))
    assert [row['path'] for row in rows] == paths(found)
    assert float(rows[0]['red']) == found.hits[0].details['red']
    content = json.loads(files[1].read_text())
    assert content['query'] == 'attributes: red or green'
    assert [hit['rank'] for hit in content['hits']] == [1, 2, 3, 4]
    page = _Figures(files[2].read_text())
    assert (len(page.pictures), page.files, page.scripts) == (4, [], 0)
    with Image.open(files[3]) as grid:
        assert grid.width > 4 * 240
        colours = {color for _, color in grid.getcolors(1 << 24)}
    assert {(255, 0, 0), (0, 255, 0), (255, 255, 0)} <= colours
    assert 'red.png' in text_table(found)

    (colour_images / 'red.png').unlink()
    with pytest.raises(InputError, match='red.png cannot be read'):
        write_result(found, tmp_path / 'out')


def test_names_of_files_are_no_markup(encoder, paint, tmp_path):
    path = paint('<script>alert(1)<&"x.png', 'red')
    index, _ = update_index(
        encoder, path.parent, tmp_path / 'index', progress=False
    )
    files = write_result(search_attributes(index, 'red'), tmp_path / 'out')
    page = _Figures(files[2].read_text())
    assert (len(page.pictures), page.scripts) == (1, 0)
    assert page.titles == [path.name]
