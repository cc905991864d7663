"""Transforms of this package; the hosts' own serve VOC and COCO."""
