"""Claims: taken in and registered, looked into, decided, answered, carried out, handed to court."""
