"""How a script trains, evaluates and predicts."""
