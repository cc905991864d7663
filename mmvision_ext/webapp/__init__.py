"""The web page: models of a folder, tried on own pictures in a browser.

Needs the extra ``demo``; everything but :mod:`~mmvision_ext.webapp.server`,
:mod:`~mmvision_ext.webapp.page` and the tabs works without gradio.
"""
