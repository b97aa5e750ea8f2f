"""Keeping: files become objects in packs, once each, as small as is known, and are read back before it is said."""
