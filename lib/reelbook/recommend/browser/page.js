// The page: what is typed and liked, and the list. Titles go into it as text, never as HTML.
const find = (id) => document.getElementById(id);
const [input, options, likedList, status, order, list] = [
  "rb-input", "rb-options", "rb-liked", "rb-status", "rb-order", "rb-list",
].map(find);
let shown = []; // places of the titles that match
let active = -1; // which of them is marked
let unknown = []; // titles of the address that no movie has

function decodeTitle(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return ""; // a broken link must not keep the page from starting
  }
}

function makeElement(tag, text, name = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = name;
  return element;
}

function showOptions() {
  options.replaceChildren(
    ...shown.map((movie, place) => {
      const option = makeElement("li", model.names[movie]);
      option.id = `rb-option-${place}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", String(place === active));
      option.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus
      option.addEventListener("click", () => like(movie));
      return option;
    }),
  );
  options.hidden = shown.length === 0;
  input.setAttribute("aria-expanded", String(shown.length > 0));
  if (active >= 0) {
    input.setAttribute("aria-activedescendant", `rb-option-${active}`);
    options.children[active].scrollIntoView({ block: "nearest" });
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

function close() {
  [shown, active] = [[], -1];
  showOptions();
}

function like(movie) {
  liked.push(movie);
  input.value = "";
  close();
  showLiked();
  input.focus();
}

function forget(movie) {
  liked.splice(liked.indexOf(movie), 1);
  given.delete(movie);
  showLiked();
  input.focus();
}

// A choice of stars for a liked movie: those of the scale, and what a file says that is between them.
function makeStars(movie) {
  const select = document.createElement("select");
  const [least, most] = model.scale;
  const step = most - least > 5 ? 1 : 0.5;
  const choices = Array.from({ length: Math.floor((most - least) / step) + 1 }, (_, i) => most - i * step);
  const own = given.get(movie);
  if (own !== undefined && !choices.includes(own)) choices.push(own);
  choices.sort((a, b) => b - a);
  select.append(new Option("liked", ""), ...choices.map((stars) => new Option(`${Number(stars.toFixed(2))} ★`, stars)));
  select.value = own ?? "";
  select.setAttribute("aria-label", `Stars for ${model.names[movie]}`);
  select.addEventListener("change", () => {
    if (select.value) given.set(movie, Number(select.value));
    else given.delete(movie);
    showList();
  });
  return select;
}

function showLiked() {
  likedList.replaceChildren(
    ...liked.map((movie) => {
      const item = document.createElement("li");
      const button = makeElement("button", `${model.names[movie]} ✕`);
      button.type = "button";
      button.setAttribute("aria-label", `Remove ${model.names[movie]}`);
      button.addEventListener("click", () => forget(movie));
      item.append(button, makeStars(movie));
      return item;
    }),
  );
  showList();
}

function showList() {
  const found = liked.length ? recommend() : [];
  if (order.value === "stars") found.sort((a, b) => b.stars - a.stars);
  order.parentElement.hidden = found.length === 0;
  list.replaceChildren(
    ...found.map((movie) => {
      const item = document.createElement("li");
      const [stars, low, high] = [movie.stars, movie.low, movie.high].map((s) => s.toFixed(1));
      item.append(
        makeElement("strong", movie.name), " ",
        makeElement("span", `${stars} stars (${low} to ${high})`, "rb-stars"),
      );
      if (movie.why) item.append(makeElement("div", movie.why, "rb-why"));
      return item;
    }),
  );
  status.textContent = liked.length
    ? `${found.length} recommendations for ${liked.length} ${given.size ? "" : "liked "}${liked.length > 1 ? "movies" : "movie"}.`
    : "Nothing chosen yet.";
  if (unknown.length) status.textContent += ` Not found: ${unknown.join(", ")}.`;
  unknown = [];
  const address = liked
    .map((movie) => encodeURIComponent(model.names[movie]) + (given.has(movie) ? `=${given.get(movie)}` : ""))
    .join("|");
  try {
    history.replaceState(null, "", liked.length ? `#like=${address}` : "#");
  } catch {
    // a page without an address of its own, as in a notebook, has nothing to keep it in
  }
}

input.addEventListener("input", () => {
  [shown, active] = [match(input.value), -1];
  if (input.value.trim() && !shown.length) {
    shown = listClosest(input.value);
    status.textContent = `No title matches.${shown.length ? " The closest are listed." : ""}`;
  }
  showOptions();
});

input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!shown.length) return;
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1;
    active = (active + step + shown.length) % shown.length;
    showOptions();
  } else if (event.key === "Enter" && shown.length) {
    event.preventDefault();
    like(shown[Math.max(active, 0)]);
  } else if (event.key === "Escape") {
    close();
  }
});
input.addEventListener("blur", close);

// Takes the ratings of a file: the page tells what it understood and which titles it did not find.
async function takeFile(file) {
  const read = readRatings(new Uint8Array(await file.arrayBuffer()));
  const { found, missing } = read.fault ? { found: [], missing: [] } : matchRatings(read);
  for (const [movie, stars] of found) {
    if (!liked.includes(movie)) liked.push(movie);
    given.set(movie, stars);
  }
  find("rb-told").textContent = read.fault
    ? `${file.name}: ${read.fault}`
    : `${file.name} (${read.site || "titles and stars"}): ${read.ratings.length} ratings, stars out of ${read.top}` +
      `${read.left ? `; left out: ${read.left} without a title or stars` : ""}. ` +
      `${read.ratings.length - missing.length} of ${read.ratings.length} titles found.`;
  const [summary, titles] = find("rb-missing").children;
  find("rb-missing").hidden = !missing.length;
  summary.textContent = `${missing.length} not found`;
  titles.replaceChildren(...missing.map((title) => makeElement("li", title)));
  showLiked();
}

find("rb-file").addEventListener("change", (event) => {
  if (event.target.files.length) takeFile(event.target.files[0]);
});
order.addEventListener("change", showList);
const page = find("rb-page");
page.addEventListener("keydown", (event) => event.stopPropagation()); // a notebook takes single keys as commands
page.addEventListener("dragover", (event) => event.preventDefault()); // so that a file can be dropped
page.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) takeFile(event.dataTransfer.files[0]);
});

if (location.hash.startsWith("#like=")) {
  for (const part of location.hash.slice(6).split("|")) {
    const [title, stars] = part.split("=").map(decodeTitle);
    const movie = findMovie(title);
    if (movie !== undefined && !liked.includes(movie)) liked.push(movie);
    if (movie !== undefined && stars > 0) given.set(movie, Number(stars));
    if (movie === undefined && title) unknown.push(title);
  }
}
showLiked();
