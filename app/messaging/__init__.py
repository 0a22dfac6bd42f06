"""Templates, the queue of messages, sending, receipts and what people answer."""
