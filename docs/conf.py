"""How Sphinx makes the manual; `make docs` treats every warning as an error."""

import os
import sys
from importlib.metadata import version as installed

os.environ["JAX_PLATFORMS"] = "cpu"
sys.path.insert(0, os.path.dirname(__file__))  # for the tables and pictures

project = "fallline"
author = "fallline developers"
copyright = "2026, fallline developers"
version = release = installed("fallline")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "matplotlib.sphinxext.plot_directive",
    "method_tables",
    "idiom_tables",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "code"  # `name` in a docstring is a name of the code

html_theme = "furo"
html_title = "fallline"
html_show_sphinx = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["fallline.css"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"  # the Parameters sections tell the types
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

plot_include_source = True
plot_html_show_formats = False
plot_html_show_source_link = False
plot_formats = [("png", 140)]
plot_rcparams = {"figure.figsize": (6.4, 4.2), "figure.autolayout": True}
