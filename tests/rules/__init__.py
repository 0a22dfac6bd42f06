"""The project's own rules about its source text, one module each; tests/test_architecture.py runs them."""
