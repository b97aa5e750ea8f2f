"""Watching as a whole: endpoints are asked, judged and told about, and the book remembers."""
