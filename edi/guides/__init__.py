"""Implementation guides: loading, overlay, compilation, registry."""
