"""Filling records of any entity from a file: its columns are named, its rows tried, mended and stored.

`plan` says what columns mean, `guess` proposes it, `meaning` makes of a cell what a program would say, `filling` tries
or stores rows by the rules of the API, `work` does so for a whole file, `pages` are the screens.
"""
