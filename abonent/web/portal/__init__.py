"""The subscriber's portal under /my: pages for telephones that work without scripts."""
