"""The relational databases as the AWS API knows them: one control plane for each data strategy."""
