"""Maps: places of a report in the colours of its figures.

geojson    a file of outlines read and checked
storing    its outlines kept for the regions whose codes it names
picture    which places a report's map has, their steps, and what has to be known of it
views      the screen where the file is given, and the door where pages get the paths

Drawn as SVG of our own (js/maps.js), whose places are links that the page itself has: each can be reached by keyboard, is
named, printed and coloured by the theme as anything else. ECharts' `map` is not in the build that ships, and paints on a
canvas of which none of this can be said.
"""
