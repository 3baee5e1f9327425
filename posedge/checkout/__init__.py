"""Floor 4½: one sale from basket to receipt, drawer and journal."""
