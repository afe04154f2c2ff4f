"""The pages of people and places: who a subscriber is, contracts, equipment, scans, notes, buildings."""
