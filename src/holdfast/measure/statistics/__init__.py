"""Statistics: numbers in, estimates with honest intervals out. Where too little was seen the answer is unknown.

Series are float64 arrays in the order of time. Nothing is assumed to be independent; nothing is random but by a seed.
"""
