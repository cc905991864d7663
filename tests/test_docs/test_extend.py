"""docs/extend.md is followed to the letter, in a folder of its own."""

from pathlib import Path

from mmvision_ext.testing.markdown_blocks import Block, fenced_blocks


def test_blocks_are_found_in_their_order() -> None:
    page = (
        'a\n```python title="b.py"\nx = 1\n```\n\n```bash\nls\n```\n```\n```\n'
    )
    assert fenced_blocks(page) == [
        Block('python', 'b.py', 'x = 1\n', 3),
        Block('bash', '', 'ls\n', 7),
        Block('', '', '', 10),
    ]


def test_the_tutorial_works(repository: Path, checkout: Path, run) -> None:
    page = (repository / 'docs' / 'extend.md').read_text('utf-8')
    blocks = fenced_blocks(page)
    files = [block.title for block in blocks if block.title]
    assert len(files) == 9 and page.count('\n```') == 2 * len(blocks)
    script = []
    for block in blocks:
        if block.title:
            (checkout / block.title).write_text(block.text)
        else:
            assert block.language == 'bash', block
            script.append(block.text)
    printed = run('\n'.join(script))  # in one shell, as a reader
    assert '360 images seen' in printed
    assert 'accuracy/top1' in printed
    assert 'coco/bbox_mAP_50' in printed
    assert '4 passed' in printed
