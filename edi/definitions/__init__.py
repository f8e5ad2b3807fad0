"""Definitions shown to people: what a guide says of a loop, segment or element, merged of map and overlay."""
