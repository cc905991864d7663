"""Results of a search as tables and as pages of pictures."""

import base64
import csv
import html
import io
import json
from pathlib import Path

from PIL import Image

from mmvision_ext.engine.checkpointing.durable import write_text
from mmvision_ext.utils.output_folder import check_folder
from mmvision_ext.utils.tables import markdown_table
from mmvision_ext.visualization.draw import Picture, save_image

from .results import SearchResult, draw_hits, thumbnail

JPEG_QUALITY = 85

_STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 24px; color: #202020;
  background: #fff; }
h1 { font-size: 20px; margin: 0 0 4px; overflow-wrap: anywhere; }
p { margin: 0 0 20px; color: #606060; overflow-wrap: anywhere; }
main { display: grid; gap: 20px 16px;
  grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); }
figure { margin: 0; }
img { display: block; width: 100%; height: 240px; object-fit: contain;
  background: #f2f2f2; }
figcaption { margin-top: 6px; overflow-wrap: anywhere; }
small { color: #606060; }
"""


def text_table(result: SearchResult) -> str:
    """A search as a table for the terminal.

    Args:
        result: What it found.

    Returns:
        The query and the columns rank, score, path and, if attributes were
        asked for, the score of each.
    """
    names = _names(result)
    rows = [
        [
            str(hit.rank),
            f'{hit.score:.3f}',
            hit.path,
            *(f'{hit.details[name]:.3f}' for name in names),
        ]
        for hit in result.hits
    ]
    table = markdown_table(['rank', 'score', 'path', *names], rows)
    return f'{_heading(result)}\n{table}'


def write_result(result: SearchResult, folder: str | Path) -> list[Path]:
    """Write a search as ``hits.csv``, ``hits.json``, ``hits.html`` and
    ``hits.png``.

    Args:
        result: What it found.
        folder: Where to; made where missing. Files of an earlier search are
            replaced.

    Returns:
        The files.

    Raises:
        InputError: An image can no longer be read, or nothing can be written
            to the folder.
    """
    check_folder(folder)
    folder = Path(folder)
    pictures = [thumbnail(image) for image in result.images]
    grid = draw_hits(result, pictures)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / 'hits.csv', _csv(result))
    content = json.dumps(result.to_dict(), indent=1)
    write_text(folder / 'hits.json', content + '\n')
    write_text(folder / 'hits.html', _page(result, pictures))
    return [
        *(folder / f'hits.{kind}' for kind in ('csv', 'json', 'html')),
        save_image(folder / 'hits.png', grid),
    ]


def _names(result: SearchResult) -> list[str]:
    """The attributes asked for."""
    return list(result.hits[0].details)


def _heading(result: SearchResult) -> str:
    return f'{result.query}\n{result.extent}\n'


def _csv(result: SearchResult) -> str:
    text = io.StringIO(newline='')
    writer = csv.writer(text)
    names = _names(result)
    writer.writerow(['rank', 'score', 'path', *names])
    for hit in result.hits:
        details = [hit.details[name] for name in names]
        writer.writerow([hit.rank, hit.score, hit.path, *details])
    return text.getvalue()


def _page(result: SearchResult, pictures: list[Picture]) -> str:
    """A page that needs no other file."""
    figures = []
    for hit, picture in zip(result.hits, pictures, strict=True):
        head, name, *others = map(html.escape, hit.caption)
        details = f'<br><small>{"; ".join(others)}</small>' if others else ''
        title = html.escape(hit.path)
        figures.append(
            f'<figure><img alt="{title}" title="{title}" src="'
            f'{_data_address(picture)}"><figcaption><b>{head}</b><br>{name}'
            f'{details}</figcaption></figure>'
        )
    query = html.escape(result.query)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f'<title>{query}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n'
        f'<h1>{query}</h1>\n<p>{html.escape(result.extent)}</p>\n<main>\n'
        + '\n'.join(figures)
        + '\n</main>\n</body>\n</html>\n'
    )


def _data_address(picture: Picture) -> str:
    """A picture as an address that holds it."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, 'JPEG', quality=JPEG_QUALITY)
    text = base64.b64encode(buffer.getvalue()).decode()
    return f'data:image/jpeg;base64,{text}'
