"""Situational and balancing rules (SNIP 3, 4), one small function each, named by the guides."""
