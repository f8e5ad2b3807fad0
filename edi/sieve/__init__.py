"""The sieve: whole claims that are surely right go through it, all others to the reader.

Of a window of some thousand rows, `paths` says which use of the guide each is, `forms` which rows and loops
are not surely right, and the screens of the rules in which claims a rule might find something. What nobody
doubts is counted and forgotten; what anybody doubts is read by `edi.reader`, which alone finds. So the sieve
can only decline.
"""
