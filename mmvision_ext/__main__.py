"""``python -m mmvision_ext`` is ``mmvision``."""

from mmvision_ext.cli import main

if __name__ == '__main__':
    raise SystemExit(main())
