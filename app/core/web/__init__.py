"""Flask-AppBuilder made to measure: generated screens, files and REST for every entity."""
