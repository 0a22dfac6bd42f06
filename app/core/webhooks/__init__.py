"""Telling other programs what happened: rows of `webhook_delivery` are written with the change and sent from here."""
