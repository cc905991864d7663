"""How the page looks; fonts are those of the visitor's system."""

import gradio as gr

CSS = """
footer { display: none !important; }
.gradio-container { width: 100% !important; max-width: 1240px !important;
  margin: 0 auto !important; }
.grid-wrap { min-height: 0 !important; }
.cm-content { padding-right: 72px !important; }
#examples .grid-wrap { max-height: 250px !important; }
#examples .grid-container {
  grid-template-columns: repeat(auto-fill, minmax(76px, 1fr)) !important; }
@media (max-width: 600px) {
  .tab-container button { padding: 0 6px !important;
    font-size: 13px !important; }
}
"""


def theme() -> gr.Theme:
    """The page's theme.

    Returns:
        gradio's own, with fonts that need no download.
    """
    return gr.themes.Default(
        font=['system-ui', 'sans-serif'],
        font_mono=['ui-monospace', 'monospace'],
    )
