"""Supporting code. You don't need it to follow the lesson."""
