"""Money: prices, own hardware, what a request and a right answer cost, when owning pays, and old bills priced anew.

Every result carries the uncertainty of what went into it; what is not known stays unknown.
"""
