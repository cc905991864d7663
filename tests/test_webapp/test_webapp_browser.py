"""The page in a real browser, on a desk and on a phone.

Each tab is used as a person does. ``MMVISION_SCREENSHOTS`` names a folder for
a picture of every step.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

sync_api = pytest.importorskip(
    'playwright.sync_api',
    reason='playwright is not installed: bash tools/install.sh --extras dev',
)
CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser')
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason='no Chromium on this machine'
)

SIZES = {'desk': (1280, 800), 'phone': (390, 844)}
ARGUMENTS = (
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
)
WAIT = 120_000  # milliseconds


class Person:
    """Somebody at the page."""

    def __init__(self, page: Any, name: str) -> None:
        self.page = page
        self.name = name
        self.hosts: set[str] = set()
        self.faults: list[str] = []
        page.set_default_timeout(WAIT)
        page.on('request', self._note)
        page.on('pageerror', lambda error: self.faults.append(str(error)))

    def _note(self, request: Any) -> None:
        if not request.url.startswith(('data:', 'blob:')):
            self.hosts.add(urlsplit(request.url).hostname)

    def open(self, tab: str) -> Any:
        """Go to a tab; what is visible of it."""
        self.page.get_by_role('tab', name=tab, exact=True).click()
        panel = self.page.locator('[role=tabpanel]:visible')
        panel.wait_for()
        return panel

    def upload(self, path: Path) -> None:
        self.page.locator('#upload input[type=file]').set_input_files(path)

    def press(self, panel: Any, button: str) -> None:
        """Press a button and wait for the answer."""
        panel.get_by_role('button', name=button, exact=True).click()
        panel.locator('button:not([disabled])', has_text='JSON').wait_for()

    def rows(self, panel: Any) -> list[list[str]]:
        """The table, as it is read."""
        panel.locator('.virtual-row').first.wait_for()
        return [
            [
                cell.strip()
                for cell in line.locator('.body-cell').all_inner_texts()
            ]
            for line in panel.locator('.virtual-row').all()
        ]

    def download(self, panel: Any) -> dict[str, Any]:
        """The JSON behind the button."""
        with self.page.expect_download() as waiting:
            panel.get_by_text('Download JSON').click()
        content: dict[str, Any] = json.loads(
            Path(waiting.value.path()).read_text('utf-8')
        )
        return content

    def slide(self, panel: Any, label: str, value: float) -> None:
        """Write a number beside a slider."""
        box = panel.get_by_label(f'number input for {label}')
        box.fill(str(value))
        box.press('Enter')

    def drag(self, panel: Any, label: str, key: str) -> None:
        """Move a slider by a key."""
        panel.get_by_label(f'range slider for {label}').press(key)

    def take_picture(self, step: str) -> None:
        folder = os.environ.get('MMVISION_SCREENSHOTS')
        if folder:
            path = Path(folder) / f'{self.name}_{step}.png'
            self.page.screenshot(path=path, full_page=True)

    def check_width(self) -> None:
        """Nothing is wider than the screen."""
        width = self.page.evaluate('document.documentElement.scrollWidth')
        assert width <= self.page.viewport_size['width']


@pytest.fixture(scope='module')
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as tool:
        with tool.chromium.launch(
            executable_path=CHROMIUM, args=list(ARGUMENTS)
        ) as found:
            yield found


@pytest.fixture(params=SIZES)
def person(browser: Any, served, request) -> Iterator[Person]:
    width, height = SIZES[request.param]
    page = browser.new_page(viewport=dict(width=width, height=height))
    somebody = Person(page, request.param)
    page.goto(served.url)
    page.get_by_role('tab', name='Detect').wait_for()
    yield somebody
    page.close()
    assert somebody.hosts == {'127.0.0.1'}
    assert not somebody.faults


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture of 120 x 90 pixels."""
    pixels = np.random.default_rng(1).integers(0, 256, (9, 12, 3), np.uint8)
    path = tmp_path / 'own photo.png'
    Image.fromarray(pixels).resize((120, 90)).save(path)
    return path


def test_a_visit(person: Person, photo: Path, tmp_path: Path) -> None:
    """What a person does, in one visit."""
    person.take_picture('0_open')
    _refused(person, tmp_path)
    _example(person)
    person.upload(photo)
    person.page.locator('#preview').get_by_text('own photo.png').wait_for()
    person.take_picture('2_picture')
    _detect(person)
    _classify(person)
    _attributes(person)
    _words(person)
    _search(person)
    person.check_width()


def _refused(person: Person, folder: Path) -> None:
    toast = person.page.get_by_test_id('toast-body')
    broken = folder / 'broken.png'
    broken.write_bytes(b'no picture')
    person.upload(broken)
    toast.get_by_text('broken.png: expected a picture').wait_for()
    assert 'Traceback' not in toast.inner_text()
    person.take_picture('1_refused')
    toast.get_by_test_id('toast-close').click()
    heavy = folder / 'heavy.png'
    heavy.write_bytes(os.urandom(300 * 2**10))
    person.upload(heavy)
    toast.get_by_text(re.compile('maximum allowed size')).wait_for()
    person.take_picture('1_too_heavy')  # the message goes by itself
    sync_api.expect(person.page.locator('#preview img')).to_have_count(0)


def _example(person: Person) -> None:
    person.page.locator('#examples img').nth(1).click()
    person.page.locator('#preview').get_by_text('second.jpg').wait_for()


def _detect(person: Person) -> None:
    panel = person.open('Detect')
    person.slide(panel, 'Lowest score', 0.05)
    person.press(panel, 'Detect')
    many = person.download(panel)
    assert many['images'][0]['width'] == 120
    count = len(many['annotations'])
    assert count > 2
    panel.get_by_text(f'{count} found at 0.05 or above').wait_for()
    first = person.rows(panel)[0]
    assert float(first[1]) == round(many['annotations'][0]['score'], 3)
    person.take_picture('3_detect')
    # the slider filters, without another run
    scores = [item['score'] for item in many['annotations']]
    limit = round((max(scores) + min(scores)) / 2, 2)
    person.slide(panel, 'Lowest score', limit)
    panel.get_by_text(f'found at {limit:.2f} or above').wait_for()
    few = person.download(panel)
    assert 0 < len(few['annotations']) < count
    person.drag(panel, 'Lowest score', 'End')
    panel.get_by_text(f'0 found at 1.00 or above, {count} below').wait_for()
    sync_api.expect(panel.locator('img')).to_be_visible()
    person.take_picture('3_detect_none')


def _classify(person: Person) -> None:
    panel = person.open('Classify')
    person.press(panel, 'Classify')
    assert [row[0] for row in person.rows(panel)] == list('12345')
    names = panel.locator('dt').all_inner_texts()
    scores = person.download(panel)['scores']
    assert [name.strip() for name in names] == list(scores)
    person.slide(panel, 'Classes shown', 2)
    sync_api.expect(panel.locator('dt')).to_have_count(2)
    person.take_picture('4_classify')


def _attributes(person: Person) -> None:
    panel = person.open('Attributes')
    person.press(panel, 'Describe')
    panel.get_by_text('of 64 attributes at 0.50 or above').wait_for()
    found = person.download(panel)
    assert len(person.rows(panel)) > 2
    assert person.rows(panel)[0][0] == found['attributes'][0]
    group = person.rows(panel)[0][1]
    panel.locator('#groups input').click()
    options = panel.get_by_test_id('dropdown-option')
    options.filter(has_text=group).first.click()
    person.page.keyboard.press('Escape')
    shown = panel.get_by_text(
        re.compile(rf': (?!{len(found["attributes"])} )\d+ of 64')
    )
    shown.wait_for()
    assert {row[1] for row in person.rows(panel)} == {group}
    person.take_picture('5_attributes')


def _words(person: Person) -> None:
    panel = person.open('Words')
    person.slide(panel, 'Lowest score', 0.05)
    panel.get_by_label('Words').fill('harbor, storage tank')
    person.press(panel, 'Detect')
    rows = person.rows(panel)
    assert {row[0] for row in rows} == {'harbor', 'storage tank'}
    person.take_picture('6_words')
    panel.get_by_label('Words').fill('harbour')
    panel.get_by_role('button', name='Detect', exact=True).click()
    toast = person.page.get_by_test_id('toast-body')
    toast.get_by_text("did you mean 'harbor'").wait_for()
    assert 'Traceback' not in toast.inner_text()
    person.take_picture('7_words_error')
    toast.get_by_test_id('toast-close').click()


def _search(person: Person) -> None:
    panel = person.open('Search')
    panel.get_by_label('Attributes').fill('Metal and not (Wood or Glass)')
    person.press(panel, 'Search')
    found = person.download(panel)
    assert found['searched'] == len(found['hits']) == 3
    rows = person.rows(panel)
    assert [row[2] for row in rows] == [hit['image'] for hit in found['hits']]
    assert panel.locator('.grid-wrap img').count() == 3
    person.take_picture('8_search')
