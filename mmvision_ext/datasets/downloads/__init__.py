"""Datasets from where their authors publish them."""

from .catalogue import DownloadFile, DownloadSet, read_catalogue
from .fetch import fetch_set

__all__ = ['DownloadFile', 'DownloadSet', 'fetch_set', 'read_catalogue']
