"""Floor 2: clients of the AWS API, and the guard in front of them."""
