"""The registers that show people: subscribers, and the payments of each."""
