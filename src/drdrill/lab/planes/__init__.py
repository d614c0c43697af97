"""The data planes of the lab: for each data strategy, which database servers there are and who follows whom."""
