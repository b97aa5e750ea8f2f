"""Screening names against official lists that the user supplied or told us to download.

Reads list files with limits, stores editions whole or not at all, and answers yes, no or unknown with the editions
used. Refuses to fetch unasked, to guess a missing date, and to call an empty result clearance.
"""
