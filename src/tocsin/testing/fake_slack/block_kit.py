"""The Block Kit table: every block, element and composition object, with its limits.

Source: https://docs.slack.dev/reference/block-kit, as of the second half of 2026. Where a rule is ``Free``, the fake
does not look inside.
"""

from __future__ import annotations

from typing import Final

from tocsin.testing.fake_slack.shapes import Choice, Flag, Free, Many, Number, Rule, Shape, String, Typed

# Filled below, as blocks contain blocks: whoever holds a table sees it complete.
ELEMENTS: Final[dict[str, Rule]] = {}
BLOCKS: Final[dict[str, Rule]] = {}

ID: Final = String(255)
URL: Final = String(3000)
UNBOUNDED: Final = 1_000_000


# ── Composition objects ──────────────────────────────────────────────────────────────────────────────────────────────
def plain(most: int) -> Typed:
    """Make the rule for a ``plain_text`` object of at most so many characters."""
    return Typed({"plain_text": Shape({"text": String(most)}, {"emoji": Flag()})}, ("plain_text",))


def text(most: int) -> Typed:
    """Make the rule for a ``plain_text`` or ``mrkdwn`` object of at most so many characters."""
    table = {
        "plain_text": Shape({"text": String(most)}, {"emoji": Flag()}),
        "mrkdwn": Shape({"text": String(most)}, {"verbatim": Flag()}),
    }
    return Typed(table, ("plain_text", "mrkdwn"))


CONFIRM: Final = Shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": Choice(("primary", "danger"))},
)
OPTION: Final = Shape({"text": plain(75), "value": String(150)}, {"description": plain(75)})
RICH_OPTION: Final = Shape({"text": text(75), "value": String(150)}, {"description": text(75)})
OVERFLOW_OPTION: Final = Shape({"text": plain(75), "value": String(150)}, {"description": plain(75), "url": URL})
OPTION_GROUP: Final = Shape({"label": plain(75), "options": Many(OPTION, 100)})
FILTER: Final = Shape(
    {},
    {
        "include": Many(Choice(("im", "mpim", "private", "public")), 4),
        "exclude_external_shared_channels": Flag(),
        "exclude_bot_users": Flag(),
    },
    any_of=("include", "exclude_external_shared_channels", "exclude_bot_users"),
)
DISPATCH: Final = Shape({}, {"trigger_actions_on": Many(Choice(("on_enter_pressed", "on_character_entered")), 2)})
SLACK_FILE: Final = Shape({}, {"id": String(255), "url": URL}, one_of=("id", "url"))
SCOPED_ACTION: Final[dict[str, Rule]] = {"action_id": ID}
PICKER: Final[dict[str, Rule]] = {
    "action_id": ID,
    "placeholder": plain(150),
    "confirm": CONFIRM,
    "focus_on_load": Flag(),
}
TYPED_IN: Final[dict[str, Rule]] = {
    "action_id": ID,
    "placeholder": plain(150),
    "focus_on_load": Flag(),
    "dispatch_action_config": DISPATCH,
}
SEVERAL: Final[dict[str, Rule]] = {"max_selected_items": Number(1)}
OPTIONS: Final[dict[str, Rule]] = {"options": Many(OPTION, 100), "option_groups": Many(OPTION_GROUP, 100)}
FEEDBACK: Final = Shape({"text": plain(75), "value": String(2000)}, {"accessibility_label": String(75)})

# ── Elements ─────────────────────────────────────────────────────────────────────────────────────────────────────────
ELEMENTS.update(
    {
        "button": Shape(
            {"text": plain(75)},
            SCOPED_ACTION
            | {
                "url": URL,
                "value": String(2000),
                "style": Choice(("primary", "danger")),
                "confirm": CONFIRM,
                "agent_prompt": String(4000),
                "agent_prompt_display": String(UNBOUNDED),
                "visible_to_user_ids": Many(String(255), UNBOUNDED),
                "accessibility_label": String(75),
            },
        ),
        "workflow_button": Shape(
            {"text": plain(75), "workflow": Free()},
            SCOPED_ACTION | {"style": Choice(("primary", "danger")), "accessibility_label": String(75)},
        ),
        "feedback_buttons": Shape({"positive_button": FEEDBACK, "negative_button": FEEDBACK}, SCOPED_ACTION),
        "icon_button": Shape(
            {"icon": Choice(("trash",)), "text": plain(75)},
            SCOPED_ACTION
            | {
                "value": String(2000),
                "confirm": CONFIRM,
                "accessibility_label": String(75),
                "visible_to_user_ids": Many(String(255), UNBOUNDED),
            },
        ),
        "image": Shape(
            {"alt_text": String(2000)}, {"image_url": URL, "slack_file": SLACK_FILE}, one_of=("image_url", "slack_file")
        ),
        "overflow": Shape({"options": Many(OVERFLOW_OPTION, 5)}, SCOPED_ACTION | {"confirm": CONFIRM}),
        "checkboxes": Shape(
            {"options": Many(RICH_OPTION, 10)},
            SCOPED_ACTION | {"initial_options": Many(RICH_OPTION, 10), "confirm": CONFIRM, "focus_on_load": Flag()},
        ),
        "radio_buttons": Shape(
            {"options": Many(RICH_OPTION, 10)},
            SCOPED_ACTION | {"initial_option": RICH_OPTION, "confirm": CONFIRM, "focus_on_load": Flag()},
        ),
        "datepicker": Shape({}, PICKER | {"initial_date": String(10, 10)}),
        "timepicker": Shape({}, PICKER | {"initial_time": String(5, 5), "timezone": String(100)}),
        "datetimepicker": Shape(
            {},
            SCOPED_ACTION
            | {"initial_date_time": Number(10**9, 10**10 - 1), "confirm": CONFIRM, "focus_on_load": Flag()},
        ),
        "static_select": Shape({}, PICKER | OPTIONS | {"initial_option": OPTION}, one_of=("options", "option_groups")),
        "multi_static_select": Shape(
            {},
            PICKER | OPTIONS | SEVERAL | {"initial_options": Many(OPTION, 100)},
            one_of=("options", "option_groups"),
        ),
        "external_select": Shape({}, PICKER | {"min_query_length": Number(0), "initial_option": OPTION}),
        "multi_external_select": Shape(
            {}, PICKER | SEVERAL | {"min_query_length": Number(0), "initial_options": Many(OPTION, 100)}
        ),
        "users_select": Shape({}, PICKER | {"initial_user": String(255)}),
        "multi_users_select": Shape({}, PICKER | SEVERAL | {"initial_users": Many(String(255), UNBOUNDED)}),
        "conversations_select": Shape(
            {},
            PICKER
            | {
                "initial_conversation": String(255),
                "default_to_current_conversation": Flag(),
                "response_url_enabled": Flag(),
                "filter": FILTER,
            },
        ),
        "multi_conversations_select": Shape(
            {},
            PICKER
            | SEVERAL
            | {
                "initial_conversations": Many(String(255), UNBOUNDED),
                "default_to_current_conversation": Flag(),
                "filter": FILTER,
            },
        ),
        "channels_select": Shape({}, PICKER | {"initial_channel": String(255), "response_url_enabled": Flag()}),
        "multi_channels_select": Shape({}, PICKER | SEVERAL | {"initial_channels": Many(String(255), UNBOUNDED)}),
        "plain_text_input": Shape(
            {},
            TYPED_IN
            | {
                "initial_value": String(3000, 0),
                "multiline": Flag(),
                "min_length": Number(0, 3000),
                "max_length": Number(1, 3000),
            },
        ),
        "email_text_input": Shape({}, TYPED_IN | {"initial_value": String(3000, 0)}),
        "url_text_input": Shape({}, TYPED_IN | {"initial_value": String(3000, 0)}),
        "number_input": Shape(
            {"is_decimal_allowed": Flag()},
            TYPED_IN | {"initial_value": String(100, 0), "min_value": String(100), "max_value": String(100)},
        ),
        "rich_text_input": Shape(
            {}, TYPED_IN | {"initial_value": Free(), "min_lines": Number(1), "max_lines": Number(1)}
        ),
        "file_input": Shape(
            {}, SCOPED_ACTION | {"filetypes": Many(String(255), UNBOUNDED), "max_files": Number(1, 10)}
        ),
        "url": Shape({"url": URL, "text": String(UNBOUNDED)}),
    }
)

IN_CONTEXT_ACTIONS: Final = ("feedback_buttons", "icon_button")
INPUT_ONLY: Final = (
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
)
IN_ACTIONS: Final = (
    *sorted(set(ELEMENTS) - {*IN_CONTEXT_ACTIONS, *INPUT_ONLY, "image", "url"}),
    "rich_text_input",
)
IN_SECTION: Final = tuple(sorted({*IN_ACTIONS, "image"} - {"rich_text_input"}))
IN_INPUT: Final = tuple(sorted({*IN_ACTIONS, *INPUT_ONLY} - {"button", "overflow", "workflow_button"}))

# ── Rich text ────────────────────────────────────────────────────────────────────────────────────────────────────────
STYLED: Final[dict[str, Rule]] = {"style": Free()}
RICH_PARTS: Final[dict[str, Rule]] = {
    "text": Shape({"text": String(UNBOUNDED)}, STYLED),
    "link": Shape({"url": String(UNBOUNDED)}, STYLED | {"text": String(UNBOUNDED, 0), "unsafe": Flag()}),
    "emoji": Shape({"name": String(255)}, STYLED | {"unicode": String(255), "skin_tone": Number(1, 6)}),
    "user": Shape({"user_id": String(255)}, STYLED),
    "channel": Shape({"channel_id": String(255)}, STYLED),
    "usergroup": Shape({"usergroup_id": String(255)}, STYLED),
    "team": Shape({"team_id": String(255)}, STYLED),
    "broadcast": Shape({"range": Choice(("here", "channel", "everyone"))}, STYLED),
    "color": Shape({"value": String(255)}, STYLED),
    "date": Shape(
        {"timestamp": Number(0), "format": String(255)}, STYLED | {"url": URL, "fallback": String(UNBOUNDED, 0)}
    ),
}
RICH_PART: Final = Typed(RICH_PARTS, tuple(RICH_PARTS))
RICH_LINE: Final = Shape({"elements": Many(RICH_PART, UNBOUNDED, 0)})
RICH_BOXED: Final = Shape({"elements": Many(RICH_PART, UNBOUNDED, 0)}, {"border": Number(0, 1), "language": String(50)})
RICH_ELEMENTS: Final[dict[str, Rule]] = {
    "rich_text_section": RICH_LINE,
    "rich_text_preformatted": RICH_BOXED,
    "rich_text_quote": RICH_BOXED,
    "rich_text_list": Shape(
        {
            "style": Choice(("bullet", "ordered")),
            "elements": Many(Typed({"rich_text_section": RICH_LINE}, ("rich_text_section",)), UNBOUNDED, 0),
        },
        {"indent": Number(0, 8), "offset": Number(0), "border": Number(0, 1)},
    ),
}
RICH_TEXT: Final = Shape({"elements": Many(Typed(RICH_ELEMENTS, tuple(RICH_ELEMENTS)), UNBOUNDED)}, {"block_id": ID})

# ── Tables and charts ────────────────────────────────────────────────────────────────────────────────────────────────
CELLS: Final[dict[str, Rule]] = {
    "raw_text": Shape({"text": String(UNBOUNDED)}),
    "raw_number": Shape({"value": Number(real=True)}, {"text": String(UNBOUNDED)}),
    "rich_text": RICH_TEXT,
    "button": ELEMENTS["button"],
}
ROW: Final = Many(Typed(CELLS, ("raw_text", "raw_number", "rich_text")), 20)
DATA_ROW: Final = Many(Typed(CELLS, tuple(CELLS)), 20)
POINT: Final = Shape({"label": String(20), "value": Number(real=True)})
SERIES: Final = Many(Shape({"name": String(20), "data": Many(POINT, 20)}), 6)
AXES: Final = Shape({"categories": Many(String(20), 20)}, {"x_label": String(50), "y_label": String(50)})
CHARTS: Final[dict[str, Rule]] = {
    "pie": Shape({"segments": Many(POINT, 6)}),
    "bar": Shape({"series": SERIES, "axis_config": AXES}),
    "area": Shape({"series": SERIES, "axis_config": AXES}),
    "line": Shape({"series": SERIES, "axis_config": AXES}),
}

# ── Blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────
BLOCK_ID: Final[dict[str, Rule]] = {"block_id": ID}
IMAGE_ELEMENT: Final = Typed(ELEMENTS, ("image",))
TASK_CARD: Final = Shape(
    {
        "task_id": String(255),
        "title": String(UNBOUNDED),
        "status": Choice(("pending", "in_progress", "complete", "error")),
    },
    BLOCK_ID
    | {
        "details": Typed({"rich_text": RICH_TEXT}, ("rich_text",)),
        "output": Typed({"rich_text": RICH_TEXT}, ("rich_text",)),
        "sources": Many(Typed(ELEMENTS, ("url",)), UNBOUNDED, 0),
    },
)
BLOCKS.update(
    {
        "actions": Shape({"elements": Many(Typed(ELEMENTS, IN_ACTIONS), 25)}, BLOCK_ID),
        "alert": Shape(
            {"text": text(200)}, BLOCK_ID | {"level": Choice(("default", "info", "warning", "error", "success"))}
        ),
        "card": Shape(
            {},
            BLOCK_ID
            | {
                "hero_image": IMAGE_ELEMENT,
                "icon": IMAGE_ELEMENT,
                "title": text(150),
                "subtitle": text(150),
                "body": text(200),
                "actions": Many(Typed(ELEMENTS, ("button",)), 3),
            },
            any_of=("hero_image", "title", "actions", "body"),
        ),
        "carousel": Shape({"elements": Many(Typed(BLOCKS, ("card",)), 10)}, BLOCK_ID),
        "container": Shape(
            {
                "child_blocks": Many(
                    Typed(
                        BLOCKS,
                        (
                            "actions",
                            "context",
                            "divider",
                            "file",
                            "header",
                            "image",
                            "input",
                            "rich_text",
                            "section",
                            "table",
                            "video",
                        ),
                    ),
                    10,
                )
            },
            BLOCK_ID
            | {
                "title": plain(150),
                "rich_text_title": Typed({"rich_text": RICH_TEXT}, ("rich_text",)),
                "subtitle": text(150),
                "width": Choice(("narrow", "standard", "wide", "full")),
                "icon": IMAGE_ELEMENT,
                "is_collapsible": Flag(),
                "default_collapsed": Flag(),
                "has_header_divider": Flag(),
            },
            any_of=("title", "rich_text_title"),
        ),
        "context": Shape(
            {
                "elements": Many(
                    Typed({"image": ELEMENTS["image"], **text(UNBOUNDED).table}, ("image", "plain_text", "mrkdwn")),
                    10,
                )
            },
            BLOCK_ID,
        ),
        "context_actions": Shape({"elements": Many(Typed(ELEMENTS, IN_CONTEXT_ACTIONS), 5)}, BLOCK_ID),
        "data_table": Shape(
            {"caption": String(UNBOUNDED), "rows": Many(DATA_ROW, 201, 2)},
            BLOCK_ID | {"page_size": Number(1, 100), "row_header_column_index": Number(0, 19)},
        ),
        "data_visualization": Shape({"title": String(50), "chart": Typed(CHARTS, tuple(CHARTS))}, BLOCK_ID),
        "divider": Shape({}, BLOCK_ID),
        "file": Shape({"external_id": String(255), "source": Choice(("remote",))}, BLOCK_ID),
        "header": Shape({"text": plain(150)}, BLOCK_ID | {"level": Number(1, 4)}),
        "image": Shape(
            {"alt_text": String(2000)},
            BLOCK_ID | {"image_url": URL, "slack_file": SLACK_FILE, "title": plain(2000)},
            one_of=("image_url", "slack_file"),
        ),
        "input": Shape(
            {"label": plain(2000), "element": Typed(ELEMENTS, IN_INPUT)},
            BLOCK_ID | {"hint": plain(2000), "optional": Flag(), "dispatch_action": Flag()},
        ),
        "markdown": Shape({"text": String(12_000)}, BLOCK_ID),
        "plan": Shape(
            {"title": String(UNBOUNDED)},
            BLOCK_ID | {"tasks": Many(Typed({"task_card": TASK_CARD}, ("task_card",)), UNBOUNDED, 0)},
        ),
        "rich_text": RICH_TEXT,
        "section": Shape(
            {},
            BLOCK_ID
            | {
                "text": text(3000),
                "fields": Many(text(2000), 10),
                "accessory": Typed(ELEMENTS, IN_SECTION),
                "expand": Flag(),
            },
            any_of=("text", "fields"),
        ),
        "table": Shape(
            {"rows": Many(ROW, 100)},
            BLOCK_ID
            | {
                "column_settings": Many(
                    Shape({}, {"align": Choice(("left", "center", "right")), "is_wrapped": Flag()}), 20
                )
            },
        ),
        "task_card": TASK_CARD,
        "video": Shape(
            {
                "alt_text": String(2000),
                "title": plain(199),
                "thumbnail_url": URL,
                "video_url": URL,
            },
            BLOCK_ID
            | {
                "author_name": String(49),
                "description": plain(199),
                "provider_icon_url": URL,
                "provider_name": String(255),
                "title_url": URL,
            },
        ),
    }
)

# ── Surfaces ─────────────────────────────────────────────────────────────────────────────────────────────────────────
EVERYWHERE: Final = (
    "actions",
    "card",
    "context",
    "divider",
    "header",
    "image",
    "input",
    "rich_text",
    "section",
    "video",
)
IN_MESSAGE: Final = tuple(sorted(set(BLOCKS) - {"alert"}))
IN_MODAL: Final = (*EVERYWHERE, "alert")
IN_HOME: Final = (*EVERYWHERE, "carousel")

MESSAGE: Final = Many(Typed(BLOCKS, IN_MESSAGE), 50, 0)
VIEW_KEYS: Final[dict[str, Rule]] = {
    "private_metadata": String(3000, 0),
    "callback_id": String(255, 0),
    "external_id": String(255, 0),
}
VIEWS: Final[dict[str, Rule]] = {
    "modal": Shape(
        {"title": plain(24), "blocks": Many(Typed(BLOCKS, IN_MODAL), 100, 0)},
        VIEW_KEYS
        | {
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": Flag(),
            "notify_on_close": Flag(),
            "submit_disabled": Flag(),
        },
    ),
    "home": Shape({"blocks": Many(Typed(BLOCKS, IN_HOME), 100, 0)}, VIEW_KEYS),
}
