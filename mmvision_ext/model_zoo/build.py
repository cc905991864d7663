"""All files of the model zoo, and whether those on disk are the same."""

from pathlib import Path

from mmvision_ext.utils import InputError

from .cards import card_text, zoo_text
from .costs import COSTS, read_costs
from .facts import read_facts
from .metafile import index_text, metafile_text
from .results import read_results

COMMAND = 'python tools/misc/model_zoo.py'


def zoo_files(root: Path) -> dict[str, str]:
    """What the files of the zoo ought to hold.

    Args:
        root: The repository.

    Returns:
        Path in the repository to content.

    Raises:
        InputError: Facts, costs or results cannot be used, or the costs lack
            a config.
    """
    facts = read_facts(root)
    costs = read_costs(root)
    results = read_results(root, facts)
    for collection in facts.collections:
        for model in collection.models:
            if model.name not in costs:
                raise InputError(
                    f'{COSTS}: expected a row for every config, found none '
                    f'for {model.name}. Run {COMMAND} --count {model.config}'
                )
    files = {
        'model-index.yml': index_text(facts),
        'docs/model_zoo.md': zoo_text(facts, costs, results),
    }
    for item in facts.collections:
        files[f'configs/{item.folder}/metafile.yml'] = metafile_text(
            item, costs, results
        )
        files[f'docs/models/{item.folder}.md'] = card_text(
            item, costs, results
        )
    return files


def write_zoo(root: Path) -> list[str]:
    """Write the files that are not what they ought to be.

    Args:
        root: The repository.

    Returns:
        Their paths in the repository.

    Raises:
        InputError: As :func:`zoo_files`.
    """
    files = zoo_files(root)
    changed = _changed(root, files)
    for name in changed:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name], encoding='utf-8')
    return changed


def check_zoo(root: Path) -> None:
    """Refuse files that are not what they ought to be.

    Args:
        root: The repository.

    Raises:
        InputError: A file is missing or differs, or as :func:`zoo_files`.
    """
    changed = _changed(root, zoo_files(root))
    if changed:
        raise InputError(
            'model zoo: expected what configs, costs and results say, found '
            f'other content in {", ".join(changed)}. Run {COMMAND}'
        )


def _changed(root: Path, files: dict[str, str]) -> list[str]:
    return [
        name
        for name, text in files.items()
        if not (root / name).is_file()
        or (root / name).read_text('utf-8') != text
    ]
