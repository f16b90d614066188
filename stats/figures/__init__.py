"""The figures of a report, drawn by matplotlib.

registry.figures: every figure that a report has data for, by name. Each is a Picture:
    title, caption, alt text, the table of exactly what is drawn, and how to draw it.
rendering.render: a Picture as SVG or PNG, light or dark; the same bytes each time.
registry.figure_files: SVGs for a document, in a language.

Texts are in the language that is active. matplotlib is loaded by the first figure
that is drawn, not before.
"""
