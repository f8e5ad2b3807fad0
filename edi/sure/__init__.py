"""Claims that are surely right: written without their places in the document, and checked without a tree.

Of nearly all claims the answer is that nothing is wrong. `rows` writes the segments of a claim and nothing
else, `walk` sees that the guide has a place for each and accepts it, and the screens say whether a rule could
find anything. At the first doubt a claim is left to `edi.lone_claims`, which alone finds: here is only
declined.
"""
