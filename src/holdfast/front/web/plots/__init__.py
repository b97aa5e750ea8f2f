"""Numbers as pictures: scales, ticks, intervals, lines and bands as SVG. Knows nothing of what is measured."""
