// Draws the charts of a page. The library is fetched only where there is one, when it comes near the window or
// the fold that holds it is opened. A chart that is drawn tells so by an event, `chart:drawn`, with its view.
(() => {
  const library = new URL("vega.js", document.currentScript.src);
  let loading;

  const load = () =>
    (loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = library.href;
      script.onload = () => resolve(window.vegaEmbed);
      script.onerror = reject;
      document.head.append(script);
    }));

  const options = {
    mode: "vega-lite",
    renderer: "svg",
    ast: true, // expressions are interpreted, so that a page may forbid eval
    actions: false,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true, theme: "book" },
  };

  const draw = async (place) => {
    const spec = JSON.parse(place.querySelector("script").textContent);
    const shared = document.getElementById(place.dataset.datasets);
    if (shared) spec.datasets = { ...spec.datasets, ...JSON.parse(shared.textContent) };
    const embed = await load();
    const { view } = await embed(place, spec, options);
    // the library looks at its width again only when the window changes
    new ResizeObserver(() => window.dispatchEvent(new Event("resize"))).observe(place);
    place.dispatchEvent(new CustomEvent("chart:drawn", { bubbles: true, detail: view }));
  };

  document.addEventListener("DOMContentLoaded", () => {
    const near = new IntersectionObserver(
      (entries) => {
        for (const entry of entries.filter(({ isIntersecting }) => isIntersecting)) {
          near.unobserve(entry.target);
          draw(entry.target);
        }
      },
      { rootMargin: "400px" },
    );
    for (const place of document.querySelectorAll(".chart")) {
      const fold = place.closest("details:not([open])");
      if (fold) fold.addEventListener("toggle", () => draw(place), { once: true });
      else near.observe(place);
    }
  });
})();
