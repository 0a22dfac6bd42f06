"""Rules that administrators write: events become firings in their own transaction, each is carried out once afterwards."""
