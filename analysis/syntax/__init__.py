"""From tokens to small nodes that know their place."""
