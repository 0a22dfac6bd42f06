"""The generated screens and the REST API, through HTTP, with what was stored read back."""
