"""Official code files as their publishers give them out, read into rows of our tables. One module each."""
