"""Speed and memory of the engine beside pyx12, in one run on one core: `python -m tests.bench`."""
