// Wide tables and drawings of layers scroll in a box that says so and takes the focus; boards sort
// by a click or a key.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".bd-article table, .bd-article img[alt^=Layers]").forEach((table, number) => {
    const hint = document.createElement("p");
    hint.className = "table-hint";
    hint.textContent = table.alt ? "Scroll sideways for all layers →" : "Scroll sideways for all columns →";
    const box = document.createElement("div");
    box.className = "table-box";
    const name = table.caption?.textContent.trim() || table.alt || `Table ${number + 1}`;
    table.replaceWith(box);
    box.append(table);
    box.before(hint);
    const look = () => {
      const wide = box.scrollWidth > box.clientWidth + 1;
      hint.hidden = !wide;
      const given = { role: "region", tabindex: "0", "aria-label": name };
      for (const [key, value] of Object.entries(given)) {
        if (wide) box.setAttribute(key, value);
        else box.removeAttribute(key);
      }
    };
    const watch = new ResizeObserver(look);
    [box, table].forEach((one) => watch.observe(one));
    look();
    if (table.matches("table.sortable") && table.tHead && table.tBodies[0].rows.length > 2) prepare(table);
    else table.classList.remove("sortable");
  });

  // sortable.min.js sorts by data-sort; it needs no more than a heading that can be pressed.
  function prepare(table) {
    table.classList.add("n-last");
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
    }
    for (const cell of table.tBodies[0].querySelectorAll("td")) {
      const text = cell.textContent.trim();
      if (text === "-") cell.dataset.sort = "";
      else if (/^[-+]?[\d,.]+%?$/.test(text)) cell.dataset.sort = text.replace(/[,%]/g, "");
    }
  }
});
