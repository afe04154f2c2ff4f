"""What banks, terminals and card processors say, read by pure rules: their files, words and signs."""
