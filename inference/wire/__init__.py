"""The wire formats that the server speaks."""
