// Tables inside .sortable are sorted by a click, or Enter, on a column's name; numbers by their first number.
document.addEventListener("DOMContentLoaded", () => {
  const key = (row, column) => {
    const text = row.cells[column].textContent.trim().replace("−", "-");
    const number = parseFloat(text);
    return Number.isNaN(number) ? text.toLowerCase() : number;
  };
  const before = (a, b) =>
    typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
  for (const table of document.querySelectorAll(".sortable table")) {
    const names = [...table.tHead.rows[0].cells];
    names.forEach((name, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...name.childNodes);
      name.append(button);
      button.addEventListener("click", () => {
        const direction = name.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
        names.forEach((other) => other.removeAttribute("aria-sort"));
        name.setAttribute("aria-sort", direction);
        const sign = direction === "ascending" ? 1 : -1;
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => sign * before(key(a, column), key(b, column)));
        table.tBodies[0].append(...rows);
      });
    });
  }
});
