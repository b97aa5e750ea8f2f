"""The parts of a watch's page: what may be said of each endpoint, its days, its evidence and what it rests on."""
