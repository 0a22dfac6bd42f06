"""Tests of starting, supervising and stopping the installation."""
