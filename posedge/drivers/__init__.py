"""Floor 3: one file per device family, between a Link and the bus. Drivers never see each other."""
