"""The one place where what is below the views calls them: by name, when something is to be shown."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["view"]

VIEWS = {
    "plot": "fallline.views.plots:plot",
    "result_text": "fallline.views.text:result_text",
    "trace_text": "fallline.views.text:trace_text",
    "result_html": "fallline.views.html:result_html",
    "trace_html": "fallline.views.html:trace_html",
    "gradient_check_text": "fallline.views.checks:gradient_check_text",
    "rate_range_text": "fallline.views.checks:rate_range_text",
    "rate_range_plot": "fallline.views.rate_range:draw_rate_range",
    "comparison_text": "fallline.views.compare:comparison_text",
    "comparison_html": "fallline.views.compare:comparison_html",
    "comparison_plot": "fallline.views.compare:comparison_plot",
    "live_line": "fallline.views.live:LiveLine",
}


def view(name: str) -> Callable[..., Any]:
    """Return the view of that name; its module is imported only now, as drawing packages are heavy."""
    module, attribute = VIEWS[name].split(":")
    return getattr(import_module(module), attribute)
