"""Handlers: decode, call a service, encode. One module for each thing that the API speaks of."""
