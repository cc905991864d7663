"""The config of docs/get_started.md reads its data and fits its classes."""

import re
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmvision_ext.testing.markdown_blocks import fenced_blocks
from mmvision_ext.utils.config.class_check import class_count_faults
from mmvision_ext.utils.config.dataset_configs import (
    dataset_classes,
    iter_datasets,
)


def test_own_classes(repository: Path, checkout: Path, monkeypatch) -> None:
    page = (repository / 'docs' / 'get_started.md').read_text('utf-8')
    [text] = [
        block.text
        for block in fenced_blocks(page)
        if block.language == 'python'
    ]
    (checkout / 'my_config.py').write_text(text)
    monkeypatch.chdir(checkout)
    config = Config.fromfile('my_config.py')
    init_default_scope(config.default_scope)
    data = list(iter_datasets(config.train_dataloader.dataset, 'train'))
    for _, dataset in data:
        assert dataset_classes(dataset, 'mmdet') == ('nut', 'bolt')
        assert dataset.data_root == 'data/parts'
    assert config.test_dataloader.dataset.data_root == 'data/parts'
    assert class_count_faults(config.model, data, 'mmdet') == []
    config.model.roi_head.mask_head.num_classes = 3  # a test that can fail
    assert len(class_count_faults(config.model, data, 'mmdet')) == 1


def test_files_of_commands_exist(repository: Path) -> None:
    """Scripts and configs that the pages of docs/ name in commands."""
    pattern = re.compile(
        r'\b(?:tools|projects|configs)/[\w./-]+\.(?:py|sh|yaml)'
    )
    named = {
        name
        for page in repository.glob('docs/**/*.md')
        for name in pattern.findall(page.read_text('utf-8'))
    }
    assert len(named) > 100
    lost = sorted(
        name
        for name in named
        if not (repository / name).is_file()
        and not re.search(r'NAME|\.\.\.', name)  # stands for any
    )
    assert lost == []
