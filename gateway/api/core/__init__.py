"""The CORE door: partners and their software send and fetch X12 by CAQH CORE Connectivity vC2.2.0."""
