// A list of the versions at hand, where there is more than one: built from versions.json at the root of the site.
// Every version lies in a folder below the newest, so its address follows from the page's own.
(() => {
  if (location.protocol === "file:") return;

  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);

  const show = (versions) => {
    if (versions.length < 2) return;
    const current = versions.find((v) => v.folder && root.pathname.endsWith(`/${v.folder}/`)) || versions[0];
    const base = current.folder ? new URL("../", root) : root;
    const page = location.href.slice(root.href.length).split("#")[0];

    const label = document.createElement("label");
    label.className = "version-switcher";
    label.textContent = "Version ";
    const list = document.createElement("select");
    for (const version of versions) {
      const option = new Option(version.name, version.folder, false, version === current);
      list.append(option);
    }
    list.addEventListener("change", async () => {
      const home = new URL(list.value ? `${list.value}/` : "./", base);
      const same = new URL(page, home);
      const found = await fetch(same, { method: "HEAD" });
      location.href = found.ok ? same : home;
    });
    label.append(list);
    document.querySelector(".sidebar-primary-items__start, .bd-sidebar-primary")?.append(label);
  };

  fetch(new URL("versions.json", root))
    .then((answer) => (answer.ok ? answer.json() : []))
    .then(show);
})();
