"""Mask R-CNN, made faster step by step, against torchvision's."""
