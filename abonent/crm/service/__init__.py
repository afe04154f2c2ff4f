"""Use cases about people: subscribers, contracts, the faces of accounts."""
