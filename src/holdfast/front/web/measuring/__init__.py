"""The parts of a measurement's page, from the plain JSON of a run file's header. What it lacks is said as unknown."""
