"""The sender routes behind the front door: APIs of other systems, answered as their clients expect."""
