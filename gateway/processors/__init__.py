"""One small processor for each kind of document that comes back."""
