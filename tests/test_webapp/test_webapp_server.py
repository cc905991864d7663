"""The page over its own protocol: what it answers, and what it refuses."""

import http.client
import io
import json
import os
import re
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.utils import InputError

gr = pytest.importorskip('gradio', reason='the extra demo is not installed')

from mmvision_ext.webapp.errors import in_words  # noqa: E402
from mmvision_ext.webapp.server import serving  # noqa: E402


class Visitor:
    """A browser without a window: uploads, clicks, reads answers."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._session = uuid.uuid4().hex
        self.config = json.loads(self.get('/config')[2])
        self.components = {c['id']: c for c in self.config['components']}

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b'',
        headers: dict[str, str] | None = None,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(self._host, timeout=60)
        try:
            connection.request(method, path, body or None, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def get(
        self, path: str, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        return self.ask('GET', path, headers=headers)

    def upload(self, name: str, content: bytes) -> tuple[int, bytes]:
        """Send a file as a form does."""
        edge = uuid.uuid4().hex
        body = (
            f'--{edge}\r\nContent-Disposition: form-data; name="files"; '
            f'filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
        ).encode()
        status, _, answer = self.ask(
            'POST',
            '/gradio_api/upload',
            body + content + f'\r\n--{edge}--\r\n'.encode(),
            {'Content-Type': f'multipart/form-data; boundary={edge}'},
        )
        return status, answer

    def choose(self, name: str, content: bytes) -> dict[str, Any]:
        """Upload a picture and let the page take it."""
        status, answer = self.upload(name, content)
        assert status == 200, answer
        return self.take(json.loads(answer)[0], name)

    def take(self, path: str, name: str = 'a.png') -> dict[str, Any]:
        """Let the page take a file of this path as the upload."""
        file = dict(
            path=path, orig_name=name, meta=dict(_type='gradio.FileData')
        )
        upload = self.find('file')
        return self.trigger(upload, 'upload', [file])

    def find(self, kind: str, **props: Any) -> int:
        """Id of a component."""
        return next(
            number
            for number, found in self.components.items()
            if found['type'] == kind
            and props.items() <= found['props'].items()
        )

    def trigger(
        self,
        component: int,
        event: str,
        data: list[Any],
        chosen: int | None = None,
    ) -> dict[str, Any]:
        """Let an event happen; what the page says in the end."""
        [number] = [
            item['id']
            for item in self.config['dependencies']
            if [component, event] in [list(t) for t in item['targets']]
        ]
        body: dict[str, Any] = dict(
            fn_index=number, data=data, session_hash=self._session
        )
        if chosen is not None:
            body['event_data'] = dict(index=chosen, value=None)
        status, _, answer = self.ask(
            'POST',
            '/gradio_api/queue/join',
            json.dumps(body).encode(),
            {'Content-Type': 'application/json'},
        )
        assert status == 200, answer
        _, _, stream = self.get(
            f'/gradio_api/queue/data?session_hash={self._session}'
        )
        messages = [
            json.loads(line[6:])
            for line in stream.decode().splitlines()
            if line.startswith('data: ')
        ]
        warnings = [m['log'] for m in messages if m['msg'] == 'log']
        [end] = [m for m in messages if m['msg'] == 'process_completed']
        return dict(end, warnings=warnings)

    def run(self, tab: str, *values: Any) -> dict[str, Any]:
        """Press the button of a tab; inputs that are kept count as None."""
        label = dict(
            detection='Detect',
            words='Detect',
            classes='Classify',
            attributes='Describe',
            search='Search',
        )[tab]
        buttons = [
            number
            for number, found in self.components.items()
            if found['type'] == 'button' and found['props']['value'] == label
        ]
        button = buttons[-1] if tab == 'words' else buttons[0]
        return self.trigger(button, 'click', list(values))

    def fetch(self, file: dict[str, Any]) -> bytes:
        """A file that the page offers."""
        path = quote(file['path'])
        status, _, content = self.get(f'/gradio_api/file={path}')
        assert status == 200
        return content


def png() -> bytes:
    """A picture of noise, 90 x 60 pixels."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (6, 9, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((90, 60)).save(buffer, 'PNG')
    return buffer.getvalue()


def flat_png(width: int, height: int) -> bytes:
    """A picture of nothing, which is a small file."""
    buffer = io.BytesIO()
    Image.new('L', (width, height)).save(buffer, 'PNG')
    return buffer.getvalue()


@pytest.fixture
def visitor(served) -> Visitor:
    return Visitor(served.url)


@pytest.fixture
def chosen(visitor: Visitor) -> Visitor:
    """A visitor who has chosen a picture."""
    answer = visitor.choose('own photo.png', png())
    assert answer['success'] and not answer['warnings']
    return visitor


@pytest.fixture
def secrets(
    served, models_folder: Path, index_folder: Path, examples_folder: Path
) -> Iterator[list[str]]:
    """Files that are there and are none of a visitor's business."""
    outside = served.files.parent / f'{served.files.name}_beside.txt'
    outside.write_text('secret')
    yield [
        '/etc/passwd',
        __file__,
        str(models_folder / 'shapes' / 'epoch_1.pth'),
        str(models_folder / 'shapes' / 'config.py'),
        str(index_folder / 'index.json'),
        str(examples_folder / 'first.jpg'),
        str(outside),
        f'{served.files}/../{outside.name}',
    ]
    outside.unlink()


def test_detection(chosen: Visitor) -> None:
    answer = chosen.run('detection', None, 'models/shapes', 0.05)
    _, status, picture, rows, button = answer['output']['data']
    found = json.loads(chosen.fetch(button['value']))
    assert found['images'][0]['file_name'] == 'own photo.png'
    assert found['info'] == dict(
        model='models/shapes',
        config='config.py',
        checkpoint='epoch_1.pth',
        score_threshold=0.05,
    )
    count = len(found['annotations'])
    assert count > 2 and len(rows['data']) == count
    found_all = f'own photo.png: {count} found at 0.05 or above, 0 below.'
    assert status == found_all
    with Image.open(io.BytesIO(chosen.fetch(picture['value']))) as image:
        assert image.size == (672, 448)
    # the slider filters what is kept
    slider = chosen.find('slider', label='Lowest score')
    limit = rows['data'][1][1]
    answer = chosen.trigger(slider, 'input', [None, limit + 0.0005])
    status, _, rows, _ = answer['output']['data']
    assert len(rows['data']) < count
    assert status.endswith(f'{count - len(rows["data"])} below.')


def test_words(chosen: Visitor) -> None:
    inputs = [None, 'models/words']
    answer = chosen.run('words', *inputs, 'harbor; storage tank', 0.05)
    rows = answer['output']['data'][3]['data']
    assert {row[0] for row in rows} == {'harbor', 'storage tank'}
    # the next visitor gets the words of the training, not those of this one
    answer = chosen.run('words', *inputs, '', 0.05)
    rows = answer['output']['data'][3]['data']
    assert {row[0] for row in rows} == {'airplane', 'ship'}
    answer = chosen.run('words', *inputs, 'harbour', 0.05)
    assert "did you mean 'harbor'" in answer['output']['error']


def test_classes(chosen: Visitor) -> None:
    answer = chosen.run('classes', None, 'models/more/animals', 3)
    _, bars, rows, button = answer['output']['data']
    assert [row[0] for row in rows['data']] == [1, 2, 3]
    names = [item['label'] for item in bars['value']['confidences']]
    assert names == [row[1] for row in rows['data']]
    content = json.loads(chosen.fetch(button['value']))
    assert sum(content['scores'].values()) == pytest.approx(1, abs=1e-4)


def test_attributes(chosen: Visitor) -> None:
    answer = chosen.run('attributes', None, 'models/more/attributes', 0.5)
    _, groups, status, bars, rows, button = answer['output']['data']
    assert len(groups['choices']) > 1
    content = json.loads(chosen.fetch(button['value']))
    assert len(rows['data']) == len(content['attributes']) > 2
    assert f'{len(rows["data"])} of 64 attributes' in status
    # a group, by the kept result
    group = rows['data'][0][1]
    choice = chosen.find('dropdown', label='Groups')
    answer = chosen.trigger(choice, 'input', [None, 0.0, [group]])
    rows = answer['output']['data'][2]['data']
    assert {row[1] for row in rows} == {group}
    answer = chosen.trigger(choice, 'input', [None, 1.0, []])
    status, bars, rows, _ = answer['output']['data']
    assert rows['data'] == [] and 'The highest is' in status
    assert bars['visible'] is False


def test_search(visitor: Visitor, index_folder: Path) -> None:
    inputs = [str(index_folder), 'Metal and not Wood', 2]
    answer = visitor.run('search', *inputs)
    gallery, rows, button = answer['output']['data']
    assert len(gallery['value']) == len(rows['data']) == 2
    content = json.loads(visitor.fetch(button['value']))
    assert content['query'] == 'attributes: Metal and not Wood'
    answer = visitor.run('search', str(index_folder), 'Metl', 2)
    assert "found 'Metl'; did you mean 'Metal'" in answer['output']['error']


def test_examples_are_chosen_by_their_place(visitor: Visitor) -> None:
    gallery = visitor.find('gallery', elem_id='examples')
    assert len(visitor.components[gallery]['props']['value']) == 3
    answer = visitor.trigger(gallery, 'select', [], chosen=1)
    assert answer['output']['data'][1]['label'] == 'second.jpg'
    answer = visitor.run('classes', None, 'models/more/animals', 3)
    content = json.loads(visitor.fetch(answer['output']['data'][3]['value']))
    assert content['image'] == 'second.jpg'


def test_a_model_needs_a_picture(visitor: Visitor) -> None:
    answer = visitor.run('detection', None, 'models/shapes', 0.3)
    assert answer['success'] is False
    assert answer['output']['error'].startswith('Choose a picture first')


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('text.png', b'hello', 'expected a picture'),
        ('cut.png', png()[:2000], 'the picture is damaged'),
        ('<b>.png', b'', r'&lt;b&gt;.png: expected|b.png: expected'),
        ('wide.png', flat_png(2000, 1000), '2000 x 1000 = 2 million'),
    ],
)
def test_what_is_no_picture_is_refused_in_words(
    visitor: Visitor, name: str, content: bytes, message: str
) -> None:
    answer = visitor.choose(name, content)
    [warning] = answer['warnings']
    assert re.search(message, warning)
    assert 'Traceback' not in warning and '/tmp' not in warning
    again = visitor.run('detection', None, 'models/shapes', 0.3)
    assert again['output']['error'].startswith('Choose a picture first')


def test_a_file_that_is_too_large_is_refused(visitor: Visitor) -> None:
    status, answer = visitor.upload('a.png', b'\0' * (201 * 2**10))
    assert status == 413, answer


def test_no_other_file_is_served(visitor: Visitor, secrets: list[str]) -> None:
    for path in secrets:
        assert Path(path).exists()
        for written in (path, quote(path, safe=''), f'/..{path}'):
            for route in ('/gradio_api/file=', '/file='):
                status, _, content = visitor.get(route + written)
                assert status in (400, 403, 404), (route, written)
                assert b'secret' not in content


@pytest.mark.parametrize(
    'path',
    [
        '/static/../../../../../../../../etc/passwd',
        '/assets/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd',
        '/gradio_api/file=file:///etc/passwd',
        '/gradio_api/file=http://127.0.0.1/x',
        '/gradio_api/proxy=http://127.0.0.1/x',
        '/gradio_api/file=../../../../../../etc/passwd',
        '/gradio_api/custom_component/x/client/component/../../etc/passwd',
    ],
)
def test_paths_that_lead_away(visitor: Visitor, path: str) -> None:
    status, headers, content = visitor.get(path)
    assert status in (400, 401, 403, 404), status
    assert b'root:' not in content and 'location' not in headers


def test_a_path_is_no_upload(visitor: Visitor, secrets: list[str]) -> None:
    for path in (*secrets, 'http://127.0.0.1:1/a.png'):
        answer = visitor.take(path)
        assert answer['success'] is False, path
        assert not answer['output'].get('data')


def test_headers_keep_the_browser_here(visitor: Visitor, served) -> None:
    status, headers, content = visitor.get('/')
    assert status == 200
    policy = headers['Content-Security-Policy']
    assert policy.startswith("default-src 'self'") and 'http' not in policy
    assert headers['X-Content-Type-Options'] == 'nosniff'
    text = content.decode().replace(served.url, '')
    for mark in ('src="http', 'fonts.googleapis', 'stylesheet" href="http'):
        assert mark not in text


def test_other_names_of_this_host_are_refused(visitor: Visitor) -> None:
    assert visitor.get('/config', Host='evil.example')[0] == 400
    assert visitor.get('/config', Host='localhost')[0] == 200


def test_nothing_is_reported_and_nothing_shared(
    visitor: Visitor, served
) -> None:
    assert os.environ['GRADIO_ANALYTICS_ENABLED'] == 'False'
    assert served.url.startswith('http://127.0.0.1:')
    assert visitor.config['analytics_enabled'] is False
    assert visitor.get('/docs')[0] == 404
    info = json.loads(visitor.get('/gradio_api/info')[2])
    assert info == dict(named_endpoints={}, unnamed_endpoints={})


def test_uploads_lie_in_the_folder_of_the_page(
    visitor: Visitor, served
) -> None:
    _, answer = visitor.upload('a.png', png())
    assert served.files in Path(json.loads(answer)[0]).parents
    assert served.files.stat().st_mode & 0o077 == 0


def test_files_go_when_the_page_closes() -> None:
    seen = []

    def build(downloads: Path):
        seen.append(downloads)
        assert os.environ['GRADIO_TEMP_DIR'] == str(downloads.parent)
        raise InputError('no page')

    before = os.environ.get('GRADIO_TEMP_DIR')
    with pytest.raises(InputError, match='no page'), serving(build):
        pass
    assert not seen[0].parent.exists()
    assert os.environ.get('GRADIO_TEMP_DIR') == before


@pytest.mark.parametrize(
    ('host', 'port'),
    [
        ('127.0.0.1', None),  # stands for one in use
        ('127.0.0.1', 70000),
        ('192.0.2.1', 7860),  # reserved for documentation
        ('no.such.invalid', 7860),
    ],
)
def test_addresses_where_nothing_can_listen(
    host: str, port: int | None
) -> None:
    with socket.create_server(('127.0.0.1', 0)) as taken:
        number = port or taken.getsockname()[1]
        with (
            pytest.raises(InputError, match=f'{number}: expected .* found'),
            serving(lambda _: gr.Blocks(), host, number),
        ):
            pass


def test_errors_are_one_message(capsys: pytest.CaptureFixture) -> None:
    @in_words
    def fail(number: int) -> float:
        if number < 0:
            raise InputError('expected <one>\nfound two')
        return 1 / number

    assert fail(2) == 0.5
    with pytest.raises(gr.Error) as caught:
        fail(-1)
    assert caught.value.message == 'expected &lt;one&gt;<br>found two'
    assert not capsys.readouterr().err
    with pytest.raises(gr.Error, match='failed in the program: ZeroDivision'):
        fail(0)
    assert 'ZeroDivisionError' in capsys.readouterr().err
