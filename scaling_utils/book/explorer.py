"""The budget explorer: its controls, its table and its charts, with the numbers of `scaling-book plan`."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context
from typing import Any

from scaling_utils.allocation.plan_grid import every_source, plan_grid, round_budgets
from scaling_utils.allocation.planning import LEADING, PLANS
from scaling_utils.figures.charts import in_house_style
from scaling_utils.figures.embed import chart_html, json_script
from scaling_utils.figures.explorer import DATA, QUANTITIES, best_sizes, explorer_rows, valley
from scaling_utils.figures.style import in_units

DECADES = (18, 26)
"""Exponents of ten of the smallest and the largest budget (FLOPs)."""

BUDGET = 1e24
"""FLOPs: the budget that the page opens with, and that of its table where no script runs."""

TEMPLATE = """\
<div class="explorer" id="explorer">
{{ data }}
<form class="explorer-controls needs-script" autocomplete="off">
<label for="explorer-budget">Budget C: <output for="explorer-budget">{{ budget }}</output> FLOPs</label>
<input type="range" id="explorer-budget" min="0" max="{{ last }}" value="{{ at }}"
 aria-valuetext="{{ budget }} FLOPs">
{% for id, label, options, chosen in selects %}\
<label for="explorer-{{ id }}">{{ label }}</label>
<select id="explorer-{{ id }}">
{% for value, text in options %}\
<option value="{{ value }}"{{ " selected" if value == chosen }}>{{ text }}</option>
{% endfor %}\
</select>
{% endfor %}\
</form>
{{ charts }}
<div class="table-scroll" tabindex="0" role="region" aria-label="Plans at the budget">
<table class="table">
<caption>The best model at the budget by each law; the upper chart shows the ticked ones.</caption>
<thead><tr>
{% for name in header %}<th scope="col">{{ name }}</th>{% endfor %}
</tr></thead>
<tbody>
{% for row in rows %}\
<tr data-law="{{ row.id }}">
<th scope="row"><label>\
<input type="checkbox" class="needs-script" value="{{ row.id }}"{{ " checked" if row.id in shown }}>
<svg class="swatch" width="12" height="12" aria-hidden="true">\
<rect width="12" height="12" rx="2" fill="{{ row.colour }}"/></svg>
{{ row.name }}</label></th>
{% for field, text in told(row).items() %}<td data-field="{{ field }}">{{ text }}</td>{% endfor %}
</tr>
{% endfor %}\
</tbody>
</table>
</div>
<p>On the command line: <code class="explorer-command">{{ command }}</code></p>
</div>
<script src="../_static/budget-explorer.js"></script>"""

HALF_UP = Context(prec=3, rounding=ROUND_HALF_UP)
"""How a browser rounds: budgets over reaches are round enough for ties."""

HEADER = ("Law", "Best size N", "Best tokens D", "D/N", "Loss", "Extrapolated")
CHARTS = {
    "best-sizes": "The chosen quantity against compute, a line for each ticked law.",
    "valley": "Loss against model size at the budget by one law, and the curve of best sizes.",
}


def explorer_fragment() -> str:
    """HTML of the explorer as a fragment, and the sources of its laws.

    Examples
    --------
    >>> fragment = explorer_fragment()
    >>> 'type="range"' in fragment, "besiroglu2024chinchilla" in fragment
    (True, True)
    """
    sources, budgets = every_source(), round_budgets(*DECADES)
    rows = explorer_rows(sources, plan_grid(sources, budgets))
    rows.sort(key=lambda row: row["id"] not in PLANS.values())
    cited = ",".join(dict.fromkeys(source.source.bibkey for source in sources.values()))
    html = _html(rows, budgets)
    return f"```{{raw}} html\n{html}\n```\n\nThe laws are those of {{cite:t}}`{cited}`.\n"


def told(row: dict[str, Any], budget: float) -> dict[str, str]:
    """The cells of one row of the table at a budget of the grid, by field.

    Parameters
    ----------
    row
        One of `explorer_rows`.
    budget
        FLOPs.

    Examples
    --------
    >>> row = {"C": [1e24], "N": [9.586065e10], "D": [1.738636e12], "L": [1.96054], "reach": 1.296e22}
    >>> list(told(row, 1e24).values())
    ['95.9B', '1.74T', '18.1', '1.961', '77.2 times']
    """
    at = row["C"].index(budget)
    size, tokens, past = row["N"][at], row["D"][at], float(HALF_UP.create_decimal(budget / row["reach"]))
    times = f"{past:,.0f}" if past >= 100 else f"{past:g}"
    return {
        "N": in_units(size),
        "D": in_units(tokens),
        "ratio": f"{float(f'{tokens / size:.3g}'):g}",
        "L": f"{row['L'][at]:.3f}" if "L" in row else "–",
        "past": f"{times} times" if budget > row["reach"] else "no",
    }


def _html(rows: list[dict[str, Any]], budgets: list[float]) -> str:
    from jinja2 import Environment
    from markupsafe import Markup

    shown = [row["id"] for row in rows if row["id"] in PLANS.values()]
    defaults = {"budget": BUDGET, "shown": shown, "quantity": "ratio", "loss_law": PLANS[LEADING]}
    charts = {"best-sizes": best_sizes(defaults, rows), "valley": valley(defaults, rows)}
    losses = [(row["id"], row["name"]) for row in rows if "L" in row]
    frames = (
        chart_html(name, in_house_style(chart), label=CHARTS[name], datasets="explorer-data")
        for name, chart in charts.items()
    )
    budget = f"{BUDGET:.2g}".replace("+", "")
    template = Environment(autoescape=True, trim_blocks=True).from_string(TEMPLATE)
    return template.render(
        data=Markup(json_script({DATA: rows}, element="explorer-data")),
        budget=budget,
        last=len(budgets) - 1,
        at=budgets.index(BUDGET),
        selects=[
            ("quantity", "Upper chart", QUANTITIES.items(), defaults["quantity"]),
            ("loss-law", "Lower chart", losses, defaults["loss_law"]),
        ],
        charts=Markup("\n".join(frames)),
        header=HEADER,
        rows=rows,
        shown=shown,
        told=lambda row: told(row, BUDGET),
        command=f"scaling-book plan --flops {budget} --law {defaults['loss_law']} --count total",
    )
