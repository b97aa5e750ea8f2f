"""What could take a model away: rules as data, loader, evaluator, explanation. Evidence, not legal advice."""
