"""What every layer kind must give: facts, refusals, both number types, and torch's answers."""
