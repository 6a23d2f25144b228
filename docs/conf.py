"""Settings of the documentation site, which `make docs` builds."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for the extensions that lie here

project = "pepita_jax"
author = "The pepita_jax authors"
copyright = f"2026, {author}"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "docstrings",
    "links",
    "reference",
]
exclude_patterns = ["README.md"]
myst_heading_anchors = 4
copybutton_exclude = ".linenos, .gp, .go"

# Every notebook runs when the site is built, and a notebook that fails fails the build.
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

smartquotes = False  # symbols such as s' stay as they are
highlight_language = "text"
default_role = "code"  # the docstrings' `code` is Markdown's
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_custom_sections = [("Options", "params_style")]
napoleon_use_ivar = True
napoleon_use_rtype = False
suppress_warnings = ["mystnb.unknown_mime_type"]

html_theme = "sphinx_book_theme"
html_title = "pepita_jax"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_theme_options = {
    "show_toc_level": 2,
    "use_download_button": True,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the sidebar has the search
}
