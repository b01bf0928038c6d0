"""The book: what `make docs` builds, offline, with the code of its pages run."""

import os
import re
import sys
from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sphinx.ext import autosummary

sys.path.insert(0, str(Path(__file__).parent))  # directives of the book's own

_package = find_spec("sphinx-mathjax-offline")
assert _package is not None
assert _package.submodule_search_locations
_MATHJAX = Path(_package.submodule_search_locations[0]) / "static" / "mathjax" / "tex-svg.js"

# The kernels that run the pages have a profile of their own, not that of who builds the book.
_PROFILE = Path(__file__).parents[2] / "build" / "ipython" / "profile_default"
_PROFILE.mkdir(parents=True, exist_ok=True)
(_PROFILE / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 'ERROR'\n")
os.environ["IPYTHONDIR"] = str(_PROFILE.parent)

project = "quantumbattery"
author = "The quantumbattery developers"
copyright = "The quantumbattery developers"
version = release = version_of("quantumbattery")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "explorer_frame",
    "floors",
    "zoo_gallery",
]

# Pages. A label for each heading, so that links between pages are checked.
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# MathJax as one file of SVG shapes: it needs no fonts, so that pages from a disk show it as well.
mathjax_path = _MATHJAX.name

# Code is run anew in each build.
nb_execution_mode = "force"
nb_execution_show_tb = True  # a warning, and so an error of the build
nb_execution_timeout = 120
nb_merge_streams = True

# The interface, from docstrings: types stand in them, so not in signatures again.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autosummary_generate = False
autosummary.WELL_KNOWN_ABBREVIATIONS += ("Eq.", "Eqs.", "Sec.")  # they end no sentence
add_module_names = False
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_attr_annotations = False
default_role = "py:obj"
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "pydata_sphinx_theme"
html_title = "quantumbattery"
html_static_path = ["_static", str(_MATHJAX)]
html_css_files = ["book.css"]
html_show_sourcelink = False
html_copy_source = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "quantumbattery"},
    "header_links_before_dropdown": 6,
    "navigation_with_keys": True,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "article_footer_items": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {page.stem: [] for page in Path(__file__).parent.glob("*.md")}  # no chapters below

_MARKUP = re.compile(r"(``.*?``|`[^`]+`)|\||_(?!\w)|(?<=^[A-Z])\.|(?<= [A-Z])\.")
"""Code, which stays as it is; bars of kets, ends of words and initials that would be markup."""


def _plain(
    _app: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]
) -> None:
    """Escape what docstrings, which are written to be read as they are, do not mean as markup."""
    example = False
    for k, line in enumerate(lines):
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if not example:
            lines[k] = _MARKUP.sub(lambda found: found[1] or "\\" + found[0], line)


def setup(app: Any) -> None:
    """Connect what is done to docstrings, before Napoleon reads their sections."""
    app.connect("autodoc-process-docstring", _plain, priority=400)
