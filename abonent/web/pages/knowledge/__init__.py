"""Pages of the knowledge base: looking an answer up, an article, the memo to print."""
