"""Let mmcv find the torchvision stand-ins: ``python -m mmvision_ext.ops``."""

import argparse

from .door import open_door


def main(argv: list[str] | None = None) -> None:
    """Write the stand-in file into the installed mmcv and say what was done.

    Args:
        argv: Command-line arguments without the program's name; those of
            the process when None.
    """
    parser = argparse.ArgumentParser(
        prog='python -m mmvision_ext.ops',
        description='Write mmcv/_ext.py, through which mmcv finds the '
        'torchvision stand-ins of its compiled operators. Does nothing '
        'where mmcv is compiled. Example: python -m mmvision_ext.ops',
    )
    parser.parse_args(argv)
    try:
        print(open_door())
    except (ModuleNotFoundError, FileExistsError) as error:
        raise SystemExit(f'{parser.prog}: {error}') from error


if __name__ == '__main__':
    main()
