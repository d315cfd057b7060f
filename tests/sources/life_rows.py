"""All the lives, one row a sender; a new sender is a row in one of the tables that are joined here."""

from __future__ import annotations

from tests.sources.life_rows_apis import APIS
from tests.sources.life_rows_aws import AWS
from tests.sources.life_rows_code import CODE
from tests.sources.life_rows_monitoring import MONITORING
from tests.sources.life_rows_words import WORDS
from tests.sources.living import Life

LIVES: tuple[Life, ...] = (*APIS, *AWS, *CODE, *MONITORING, *WORDS)
