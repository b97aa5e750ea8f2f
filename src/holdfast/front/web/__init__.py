"""Pages: one self-contained HTML file that opens with no network."""
