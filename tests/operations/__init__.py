"""Tests of the verbs on the screens and of what may be typed into forms."""
