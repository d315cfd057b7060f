"""Amazon Web Services: takes the messages of SQS queues in, whoever has sent them (SNS, EventBridge, an application).

The SDK is the extra `tocsin[aws]`; only `tocsin.aws.queue` imports it, and only when a queue is configured.
"""

from __future__ import annotations

from typing import Final

ACTIONS: Final = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
"""What our credentials must be allowed on a queue; `sqs:GetQueueAttributes` only finds its dead-letter queue."""
