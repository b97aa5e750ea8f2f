"""Joules where they can be measured: graphics boards by NVML, processors by RAPL, the wall by the user's meter.

Nothing is estimated from data sheets. What cannot be measured is said to be so, and why.
"""
