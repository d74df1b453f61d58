"""Sessions in DynamoDB."""

from .dynamodb import DynamoDBSession, DynamoDBSessionInterface

__all__ = ["DynamoDBSession", "DynamoDBSessionInterface"]
