// "Cite this page": entries of a section or figure in place of the page's, and buttons that copy them.
document.addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("cite-this-page");
  if (!box) return;
  const data = JSON.parse(document.getElementById("cite-data").textContent);
  const choice = document.getElementById("cite-target");
  const said = box.querySelector(".cite-said");
  const entries = ["cite-bibtex", "cite-csl"].map((id) => document.getElementById(id));
  const pageEntries = entries.map((entry) => entry.textContent);

  const named = ({ kind, title }) => (kind ? `${kind}: ${title}` : title);
  choice.append(new Option("this page", ""));
  for (const target of data.targets) choice.append(new Option(named(target), target.anchor));
  box.querySelector(".cite-what").hidden = false;

  const quoted = (text) => JSON.stringify(text).slice(1, -1);
  const show = () => {
    const target = data.targets.find(({ anchor }) => anchor === choice.value);
    const [bibtex, csl] = pageEntries.map((text) =>
      target
        ? text.replace(data.key, `${data.key}:${target.anchor}`).replace(data.url, `${data.url}#${target.anchor}`)
        : text,
    );
    entries[0].textContent = target ? bibtex.replace(data.latex, () => data.latex + data.stop + (target.latex ?? target.title)) : bibtex;
    entries[1].textContent = target ? csl.replace(quoted(data.title), () => quoted(data.title + data.stop + target.title)) : csl;
    said.textContent = "";
  };
  const follow = () => {
    const element = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!element || box.contains(element)) return;
    const known = (id) => data.targets.some(({ anchor }) => anchor === id);
    const holder = known(element.id) ? element : element.closest("section[id], figure[id]");
    choice.value = holder && known(holder.id) ? holder.id : "";
    show();
  };
  choice.addEventListener("change", show);
  window.addEventListener("hashchange", follow);
  follow();

  for (const button of box.querySelectorAll(".cite-copy")) {
    button.addEventListener("click", async () => {
      const entry = document.getElementById(button.dataset.copies);
      try {
        await navigator.clipboard.writeText(entry.textContent);
        said.textContent = "Copied.";
      } catch {
        getSelection().selectAllChildren(entry);
        said.textContent = "The browser does not let pages copy; the entry is selected.";
      }
    });
  }
});
