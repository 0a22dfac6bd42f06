"""Tables in files: reading what people send, laying it out, giving the bad rows back."""
