"""Functions for AWS Lambda, deployable as they are: boto3 and the standard library, told everything by their environment.

They stand alone: nothing here imports another part of drdrill, and they refer to each other relatively, so the folder can be put
into a deployment package under any name. The lab runs the same files by its scheduler.
"""
