"""How much of what is wrong with claims is found: claims broken one way each, and clean ones."""
