"""`claimwire demo`: the whole journey of the sample claims on this machine, watched live."""
