// The budget explorer: the controls set the parameters of the charts and the cells of the table.
(() => {
  const root = document.getElementById("explorer");
  const { plans } = JSON.parse(document.getElementById("explorer-data").textContent);
  const byId = new Map(plans.map((plan) => [plan.id, plan]));
  const slider = root.querySelector("#explorer-budget");
  const quantity = root.querySelector("#explorer-quantity");
  const lossLaw = root.querySelector("#explorer-loss-law");
  const boxes = [...root.querySelectorAll("tbody input")];
  const views = [];

  const short = (value, digits = 3) => String(Number(value.toPrecision(digits)));
  const inUnits = (value) => {
    for (const [scale, suffix] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
      if (value >= scale) return short(value / scale) + suffix;
    }
    return short(value);
  };
  const power = (value) => value.toExponential().replace("+", "");
  const past = (ratio) =>
    ratio > 1 ? `${Number(ratio.toPrecision(3)).toLocaleString("en-US")} times` : "no";

  const told = (plan, at) => ({
    N: inUnits(plan.N[at]),
    D: inUnits(plan.D[at]),
    ratio: short(plan.D[at] / plan.N[at]),
    L: plan.L ? plan.L[at].toFixed(3) : "–",
    past: past(plan.C[at] / plan.reach),
  });

  const parameters = () => ({
    budget: plans[0].C[slider.valueAsNumber],
    shown: boxes.filter((box) => box.checked).map((box) => box.value),
    quantity: quantity.value,
    loss_law: lossLaw.value,
  });

  const tell = (view, values) => {
    for (const [name, value] of Object.entries(values)) view.signal(name, value);
    view.runAsync();
  };

  const update = () => {
    const values = parameters();
    const budget = power(values.budget);
    root.querySelector("output").textContent = budget;
    slider.setAttribute("aria-valuetext", `${budget} FLOPs`);
    for (const row of root.querySelectorAll("tr[data-law]")) {
      const cells = told(byId.get(row.dataset.law), slider.valueAsNumber);
      for (const [field, text] of Object.entries(cells)) {
        row.querySelector(`[data-field="${field}"]`).textContent = text;
      }
    }
    root.querySelector(".explorer-command").textContent =
      `scaling-book plan --flops ${budget} --law ${values.loss_law} --count total`;
    for (const view of views) tell(view, values);
  };

  root.addEventListener("input", update);
  root.addEventListener("submit", (event) => event.preventDefault());
  root.addEventListener("chart:drawn", ({ detail }) => {
    views.push(detail);
    tell(detail, parameters());
  });
})();
