"""The documents as a site that needs no other host: `make docs`."""

project = "Reader Study"
copyright = "the Reader Study maintainers, Apache-2.0"

extensions = ["myst_parser", "sphinx_copybutton"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md", "docs/*/*.md"]
exclude_patterns = [".*", "var", "clients", "tests", "static", "templates"]
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]
nitpicky = True

html_theme = "furo"
html_title = "Reader Study"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
