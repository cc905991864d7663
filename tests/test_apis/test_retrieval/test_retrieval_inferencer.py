"""Searches by one call: every kind of query, tables, pictures, errors."""

import json
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from mmvision_ext.apis import RetrievalInferencer, SearchResults, Video
from mmvision_ext.apis.retrieval import (
    search_attributes,
    search_image,
    search_text,
    update_index,
)
from mmvision_ext.testing.tiny_photos import write_grey_video
from mmvision_ext.utils import InputError

pytest.importorskip('faiss', reason='faiss-cpu is not installed')


@pytest.fixture
def index(encoder, colour_images, tmp_path):
    index, _ = update_index(
        encoder,
        colour_images,
        tmp_path / 'index',
        progress=False,
        recursive=True,
    )
    encoder.read.clear()
    encoder.batches.clear()
    return index


@pytest.fixture
def retrieve(index, encoder, tmp_path):
    return RetrievalInferencer(tmp_path / 'index', encoder, k=2)


@pytest.fixture
def photos(paint, tmp_path):
    """A folder of three images that are not in the index."""
    for name, colour in (('1', 'blue'), ('2', 'green'), ('3', 'white')):
        paint(f'../photos/{name}.png', colour)
    return tmp_path / 'photos'


def first(results):
    return [result.hits[0].path for result in results]


def test_hits_are_those_of_a_search(retrieve, index, encoder, photos):
    results = retrieve(photos, batch_size=2, progress=False)
    assert encoder.batches == [2, 1]
    assert isinstance(results, SearchResults)
    assert [result.source.path for result in results] == sorted(
        photos.iterdir()
    )
    assert results == [
        search_image(index, path, lambda: encoder, 2)
        for path in sorted(photos.iterdir())
    ]
    assert first(results) == ['blue.png', 'more/green.png', 'white.png']
    hits = results[2].hits
    assert [hit.rank for hit in hits] == [1, 2]
    # white and yellow
    assert hits[1].score == pytest.approx((2 / 3) ** 0.5, abs=1e-6)
    assert results[2].query == f'image: {photos / "3.png"}'
    assert results[2].summary == (
        f'image: {photos / "3.png"}: white.png 1.00, yellow.png 0.82'
    )


def test_every_kind_of_image(retrieve, photos, tmp_path):
    green = photos / '2.png'
    image = Image.open(green)
    rgb = np.asarray(image)
    bgr = rgb[..., ::-1]
    result = retrieve(green, progress=False)[0]
    for inputs in (str(green), green, bgr, image, result.source):
        assert first(retrieve(inputs, progress=False)) == ['more/green.png']
    array = np.full((4, 4, 3), (255, 255, 0), np.uint8)
    found = retrieve(array, channel_order='rgb', progress=False)
    assert first(found) == ['yellow.png']
    # as BGR it is cyan
    assert first(retrieve(array, progress=False)) == ['white.png']
    assert first(retrieve(f'{photos}/[13]*', progress=False)) == [
        'blue.png',
        'white.png',
    ]
    mixed = retrieve([photos / '3.png', bgr, image], 2, progress=False)
    assert first(mixed) == ['white.png', 'more/green.png', 'more/green.png']
    assert [result.query for result in mixed[1:]] == [
        'image: array 1',
        'image: PIL image 2',
    ]
    clip = write_grey_video(tmp_path / 'clip.mp4', (250, 200, 150))
    frames = retrieve(Video(clip, every=2), progress=False)
    assert first(frames) == ['white.png'] * 2
    assert frames[1].query == f'image: {clip} frame 2'


def test_address(retrieve, photos):
    handler = partial(SimpleHTTPRequestHandler, directory=str(photos))
    server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f'http://127.0.0.1:{server.server_port}/2.png'
        assert first(retrieve(address, progress=False)) == ['more/green.png']
    finally:
        server.shutdown()
        server.server_close()


def test_images_of_the_index_are_not_read(
    retrieve, encoder, colour_images, photos
):
    inputs = [photos / '1.png', colour_images / 'red.png', photos / '2.png']
    results = retrieve(inputs, batch_size=3, progress=False)
    assert first(results) == ['blue.png', 'black.png', 'more/green.png']
    assert encoder.read == ['1.png', '2.png']
    assert 'red.png' not in [hit.path for hit in results[1].hits]


def test_words_and_attributes(retrieve, index, encoder):
    words = retrieve.by_text('yellow')
    assert words == [search_text(index, 'yellow', lambda: encoder, 2)]
    assert words[0].source is None
    questions = ['very blue', 'red and not green']
    found = retrieve.by_attributes(questions)
    assert isinstance(found, SearchResults)
    assert found == [search_attributes(index, text, 2) for text in questions]
    assert first(found) == ['blue.png', 'red.png']


def test_table(retrieve, photos):
    pytest.importorskip('pandas')
    table = retrieve(photos, progress=False).to_pandas()
    assert list(table) == ['query', 'rank', 'image', 'score']
    assert table['rank'].tolist() == [1, 2] * 3
    assert table.image[2] == 'more/green.png'
    assert table.score[0] == pytest.approx(1)
    assert table['query'][5] == f'image: {photos / "3.png"}'
    table = retrieve.by_attributes(['red', 'green and red']).to_pandas()
    assert list(table)[4:] == ['red', 'green']
    assert table.green.isna().tolist() == [True, True, False, False]
    assert list(SearchResults().to_pandas()) == [
        'query',
        'rank',
        'image',
        'score',
    ]


def test_coco_names_queries_as_categories(retrieve, index, tmp_path):
    results = retrieve.by_attributes(['red', 'red and green'])
    content = results.to_coco()
    assert content['folder'] == str(index.folder)
    assert [item['name'] for item in content['categories']] == [
        'attributes: red',
        'attributes: red and green',
    ]
    names = {item['id']: item['file_name'] for item in content['images']}
    assert list(names) == list(range(1, len(names) + 1))
    assert [
        (names[item['image_id']], item['category_id'], item['rank'])
        for item in content['annotations']
    ] == [
        (hit.path, number, hit.rank)
        for number, result in enumerate(results, 1)
        for hit in result.hits
    ]
    assert len(names) < len(content['annotations'])  # one is found twice
    path = tmp_path / 'search.json'
    path.write_text(json.dumps(content))
    assert len(COCO(path).getImgIds(catIds=[2])) == 2


def test_picture_has_query_and_hits(retrieve, photos):
    result = retrieve(photos / '1.png', progress=False)[0]
    assert first([result]) == ['blue.png']
    picture = result.draw(60)
    assert picture.dtype == np.uint8 and picture.shape[2] == 3
    # of the query and the first hit
    blue = (picture == (0, 0, 255)).all(2).any(0)
    assert np.count_nonzero(np.diff(blue.astype(int)) == 1) == 2
    words = retrieve.by_text('blue')[0].draw(60)
    blue = (words == (0, 0, 255)).all(2).any(0)
    assert np.count_nonzero(np.diff(blue.astype(int)) == 1) == 1
    assert words.shape[1] < picture.shape[1]


def test_save(retrieve, photos, colour_images, tmp_path):
    results = retrieve(photos / '1.png', progress=False)
    results += retrieve.by_text(['red', 'green'])
    files = results.save(tmp_path / 'out')
    assert [path.name for path in files] == [
        '1.png',
        'words.png',
        'words_2.png',
        'search.json',
    ]
    assert len(json.loads(files[-1].read_text())['annotations']) == 6
    with Image.open(files[0]) as drawn:
        assert np.array_equal(drawn, results[0].draw())
    for folder in (photos, colour_images):
        with pytest.raises(InputError, match='expected another folder'):
            results.save(folder)


def test_images_that_cannot_be_read(retrieve, photos):
    (photos / '0.png').write_text('no image')
    results = retrieve(photos, progress=False)
    assert first(results) == ['blue.png', 'more/green.png', 'white.png']
    assert len(results.skipped) == 1 and '0.png' in results.skipped[0]
    with pytest.raises(InputError, match='0.png cannot be read'):
        retrieve(photos / '0.png', progress=False)
    with pytest.raises(InputError, match='found none at'):
        retrieve('nowhere.png', progress=False)
    for path in photos.glob('[123].png'):
        path.unlink()
    with pytest.raises(InputError, match='1 of 1 images could not be read'):
        retrieve(photos, progress=False)


def test_without_a_model(index, colour_images, photos):
    retrieve = RetrievalInferencer(index, k=1)
    assert first(retrieve.by_attributes('red')) == ['red.png']
    path = colour_images / 'red.png'
    assert first(retrieve(path, progress=False)) == ['black.png']
    # an error, not images that are skipped
    with pytest.raises(InputError, match='expected the model') as caught:
        retrieve(photos, progress=False)
    assert 'colours.pth' in str(caught.value)
    with pytest.raises(InputError, match='which words needs'):
        retrieve.by_text('red')


def test_refusals(index, encoder, other_encoder, tmp_path, monkeypatch):
    with pytest.raises(InputError, match='k: .* of at least 1, found 0'):
        RetrievalInferencer(index, encoder, k=0)
    with pytest.raises(InputError, match=r'index.json, found none at .*void'):
        RetrievalInferencer(tmp_path / 'void', encoder)
    with pytest.raises(InputError, match='expected the model that made it'):
        RetrievalInferencer(index, other_encoder)
    with pytest.raises(InputError, match=r'checkpoint: .* Add it: colours'):
        RetrievalInferencer(index, 'config.py')
    retrieve = RetrievalInferencer(index, encoder)
    for texts in ([], [1], ['red', None]):
        with pytest.raises(InputError, match='text: expected a text'):
            retrieve.by_text(texts)
    with pytest.raises(InputError, match="did you mean 'very blue'"):
        retrieve.by_attributes(['red', 'very blu'])
    with pytest.raises(InputError, match='batch_size: .* at least 1'):
        retrieve(np.zeros((4, 4, 3), np.uint8) + 9, 0, progress=False)
    monkeypatch.setitem(sys.modules, 'faiss', None)
    with pytest.raises(InputError, match='pip install faiss-cpu'):
        retrieve(np.zeros((4, 4, 3), np.uint8), progress=False)
    assert encoder.read == []  # it says so before it reads
