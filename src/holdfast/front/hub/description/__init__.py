"""What the server answers, as an OpenAPI document: made from its table of routes, so that none is left out.

`shapes.py` has the JSON, `parts.py` parameters, bodies and answers, the tables of routes stand in `reading.py`,
`writing.py`, `protocols.py` and `serving.py`; `document.py` puts them together.
"""
