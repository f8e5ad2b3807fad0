"""`python -m gateway.cli`: the same as the command `claimwire`."""

from gateway.cli.commands import main

main()
