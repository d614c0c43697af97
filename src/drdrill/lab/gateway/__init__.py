"""The AWS API of the lab: one process that answers boto3 for both regions, and says so when it cannot."""
