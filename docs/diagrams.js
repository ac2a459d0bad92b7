// Draws the diagrams of the site where a network is; without one their text stays.
const texts = document.querySelectorAll("code.language-mermaid");
if (texts.length) {
  import("https://cdn.jsdelivr.net/npm/mermaid@11/dist/mermaid.esm.min.mjs").then(({ default: mermaid }) => {
    texts.forEach((text) => {
      text.parentElement.className = "mermaid";
      text.replaceWith(text.textContent);
    });
    mermaid.run();
  }).catch(() => {});
}
