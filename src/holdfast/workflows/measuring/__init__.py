"""Measuring as a whole: loads, questions and money meet here, and become one run file."""
