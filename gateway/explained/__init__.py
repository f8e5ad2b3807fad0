"""A file explained as a page for the browser: one file that loads nothing."""
