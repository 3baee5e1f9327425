"""Floor 4¼: cash drawers: who opened which, with which sale or why, and for how long."""
