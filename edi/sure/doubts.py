"""What the quick way says of a claim that is not surely right."""


class Doubtful(Exception):
    """The claim may not be right, or not be plain: it goes the careful way, which says what there is."""
